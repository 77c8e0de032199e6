import { useMemo, useRef } from "preact/hooks";
import { getTimeline } from "../api/endpoints";
import type { Timeline } from "../api/types";
import { useRemote } from "../api/use-remote";
import { instant, iso } from "../time/format";
import { nextRecording, previousRecording, type Stretch, stretchesOf } from "./spans";
import { stretchFor, type View } from "./view";

const BUCKETS = 800;
const DAY_MS = 86_400_000;
const EVERY_MS = 10_000;

interface Spans {
  stretches: Stretch[];
  oldest: number | null;
  newest: number | null;
  error: unknown;
}

/** What is known of the view's stretch and a little around it; the last answer stays while the next is fetched. */
export function useSpans(camera: string, view: View): Spans {
  const { start, end } = stretchFor(view);
  const { value, error } = useRemote(
    (signal) => getTimeline(camera, iso(start), iso(end), BUCKETS, signal),
    `${camera} ${start} ${end}`,
    ["segment", "gap", "camera"],
    end > Date.now() ? EVERY_MS : 0,
  );
  const kept = useRef<Timeline>(undefined);
  if (value) kept.current = value;
  const timeline = kept.current;
  const stretches = useMemo(() => stretchesOf(timeline, Date.now()), [timeline]);
  return { stretches, oldest: instant(timeline?.oldest), newest: instant(timeline?.newest), error };
}

/** Asks near first, then far: the answer is usually close, and a close answer is exact. */
async function search(
  camera: string,
  ms: number,
  direction: 1 | -1,
  find: (stretches: Stretch[]) => number | null,
): Promise<number | null> {
  for (const reach of [DAY_MS, 366 * DAY_MS]) {
    const far = ms + direction * reach;
    const [from, to] = direction > 0 ? [ms, Math.min(far, Date.now() + 60_000)] : [far, ms];
    if (to <= from) return null;
    const found = find(stretchesOf(await getTimeline(camera, iso(from), iso(to), BUCKETS), Date.now()));
    if (found !== null) return found;
  }
  return null;
}

export const findNext = (camera: string, ms: number) => search(camera, ms, 1, (s) => nextRecording(s, ms));
export const findPrevious = (camera: string, ms: number) =>
  search(camera, ms, -1, (s) => previousRecording(s, ms));
export const findFootage = (camera: string, ms: number, first: (s: Stretch[]) => number | null) =>
  search(camera, ms, 1, first);
