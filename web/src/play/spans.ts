// What became of every instant, as the server accounts for it, and the way from one recording to the next.
import type { Coverage, Timeline } from "../api/types";
import { titled } from "../parts/words";
import { instant } from "../time/format";

export interface Stretch {
  start: number;
  end: number;
  coverage: Coverage | "unwanted";
  /** "Camera unreachable", "" where nothing is to be said. */
  cause: string;
  detail: string;
  /** 0 to 1; below 1 only where many seconds are summed up in one. */
  share: number;
  /** 0 to 1: what is missing and was wanted. */
  lost: number;
}

const CAUSES: Record<string, string> = {
  unreachable: "Camera unreachable",
  authentication: "Camera refused the sign-in",
  stream_ended: "Camera ended the stream",
  connecting: "First connection",
  stalled: "Camera sent no pictures",
  parameters_changed: "Camera changed its encoding",
  no_video: "Camera offers no usable video",
  packets_lost: "Pictures were lost on the way",
  disk: "Disk could not take the footage",
  recorder_stopped: "Recorder was not running",
  switched_off: "Camera was switched off",
  scheduled_off: "Set to off",
  nothing_moved: "Nothing moved",
  no_event: "No event",
  clock_step: "Clock was set",
  deleted: "Footage was deleted",
  damaged: "Footage is damaged",
  unknown: "Cause unknown",
};

export const causeName = (cause: string | null | undefined) =>
  cause ? (CAUSES[cause] ?? titled(cause)) : "";

const COVERAGES: Record<Stretch["coverage"], string> = {
  recorded: "Recorded",
  open: "Being recorded",
  gap: "Gap",
  unwanted: "Not recorded, as it is set",
  before: "Before the camera was added",
  ahead: "Not yet",
};

/** "Recorded", "Gap: camera unreachable", "83 % recorded" */
export function saying(stretch: Stretch | undefined): string {
  if (!stretch) return "";
  if (stretch.coverage === "gap" && stretch.cause)
    return `Gap: ${stretch.cause.charAt(0).toLowerCase()}${stretch.cause.slice(1)}`;
  if (stretch.coverage === "unwanted" && stretch.cause)
    return `Not recorded: ${stretch.cause.charAt(0).toLowerCase()}${stretch.cause.slice(1)}`;
  if (stretch.coverage === "recorded" && stretch.share < 1)
    return `${(stretch.share * 100).toFixed(stretch.share > 0.99 ? 1 : 0)} % recorded`;
  return COVERAGES[stretch.coverage];
}

/** The answer's spans, or its buckets where the stretch is long, as one kind of thing. */
export function stretchesOf(timeline: Timeline | undefined, now: number): Stretch[] {
  if (!timeline) return [];
  if (timeline.spans.length > 0 || timeline.bucket_s === null) {
    return timeline.spans.flatMap((span) => {
      const start = instant(span.from);
      const end = instant(span.to);
      if (start === null || end === null) return [];
      return [
        {
          start,
          end,
          coverage: span.is_on_purpose ? "unwanted" : span.coverage,
          cause: causeName(span.cause),
          detail: span.detail ?? "",
          share: span.coverage === "gap" ? 0 : 1,
          lost: span.coverage === "gap" && !span.is_on_purpose ? 1 : 0,
        },
      ];
    });
  }
  const known = instant(timeline.known_since) ?? 0;
  const size = timeline.bucket_s * 1000;
  return timeline.buckets.flatMap(([from, share, unwanted]) => {
    const start = instant(from);
    if (start === null) return [];
    const end = start + size;
    if (end <= known || start >= now) return [bucket(start, end, end <= known ? "before" : "ahead", 0, 0)];
    // Where the camera was added, or now, lies within the bucket, only the rest of it can have been recorded.
    const first = Math.max(start, known);
    const last = Math.min(end, now);
    const part = (share * size) / (last - first);
    const spared = part + (unwanted * size) / (last - first);
    const coverage = share > 0 ? "recorded" : spared > WHOLE ? "unwanted" : "gap";
    return [bucket(first, last, coverage, part > WHOLE ? 1 : part, spared > WHOLE ? 0 : 1 - spared)];
  });
}

/** Shares come with four digits; what is missing below that is rounding. */
const WHOLE = 0.9999;

const bucket = (
  start: number,
  end: number,
  coverage: Stretch["coverage"],
  share: number,
  lost: number,
): Stretch => ({
  start,
  end,
  coverage,
  cause: "",
  detail: "",
  share,
  lost,
});

export const stretchAt = (stretches: readonly Stretch[], ms: number) =>
  stretches.find(({ start, end }) => ms >= start && ms < end);

export const isFootage = ({ coverage }: Stretch) => coverage === "recorded" || coverage === "open";

/** The first instant at or after one that has footage; null where there is none. */
export function footageFrom(stretches: readonly Stretch[], ms: number): number | null {
  const found = stretches.find((stretch) => isFootage(stretch) && stretch.end > ms);
  return found ? Math.max(ms, found.start) : null;
}

/** Touching stretches of footage make one recording, as a person sees it. */
export function recordings(stretches: readonly Stretch[]): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (const stretch of stretches) {
    if (!isFootage(stretch)) continue;
    const last = found.at(-1);
    if (last && last.end === stretch.start) last.end = stretch.end;
    else found.push({ start: stretch.start, end: stretch.end });
  }
  return found;
}

/** The start of the recording after the one an instant lies in; null when there is none. */
export const nextRecording = (stretches: readonly Stretch[], ms: number) =>
  recordings(stretches).find(({ start }) => start > ms)?.start ?? null;

/** The start of the recording before; of the present one when it has been running for a few seconds. */
export function previousRecording(stretches: readonly Stretch[], ms: number): number | null {
  const settledMs = 3000;
  return recordings(stretches).findLast(({ start }) => start < ms - settledMs)?.start ?? null;
}
