import { useMemo } from "preact/hooks";
import { listHolds } from "../api/hold-endpoints";
import { useRemote } from "../api/use-remote";
import { type Held, heldOf } from "../parts/holding";
import { iso } from "../time/format";
import { stretchFor, type View } from "./view";

const MOST = 200;
const NONE: readonly Held[] = [];

/** The held stretches of the view and a little around it; none for those who may not hold there. */
export function useHolds(camera: string, view: View, isAllowed: boolean) {
  const { start, end } = stretchFor(view);
  const { value, error } = useRemote(
    (signal) =>
      isAllowed
        ? listHolds({ camera, from: iso(start), to: iso(end), limit: MOST }, signal)
        : Promise.resolve({ items: [], next: null }),
    `${camera} ${start} ${end} ${isAllowed}`,
    ["storage"],
  );
  const held = useMemo(() => (value ? heldOf(value.items) : NONE), [value]);
  return { held, error };
}
