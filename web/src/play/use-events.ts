import { useRef } from "preact/hooks";
import { listEvents } from "../api/event-endpoints";
import type { CameraEvent } from "../api/event-types";
import { useRemote } from "../api/use-remote";
import { iso } from "../time/format";
import { stretchFor, type View } from "./view";

const MOST = 1000;

interface Events {
  events: readonly CameraEvent[];
  /** There are older ones in the view than these. */
  isCut: boolean;
  error: unknown;
}

const NONE: readonly CameraEvent[] = [];

/** The events of the view's stretch and a little around it; the last answer stays while the next is fetched. */
export function useEvents(camera: string, view: View, isAllowed: boolean): Events {
  const { start, end } = stretchFor(view);
  const { value, error } = useRemote(
    (signal) =>
      isAllowed
        ? listEvents({ camera: [camera], from: iso(start), to: iso(end) }, MOST, signal)
        : Promise.resolve({ events: [], isCut: false }),
    `${camera} ${start} ${end} ${isAllowed}`,
    end > Date.now() - 60_000 ? ["event", "incident"] : [],
  );
  const kept = useRef(value);
  if (value) kept.current = value;
  return { events: kept.current?.events ?? NONE, isCut: kept.current?.isCut ?? false, error };
}
