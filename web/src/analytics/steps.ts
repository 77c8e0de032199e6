// The steps of a chart: how long each is, and where they begin. Hours are UTC; days and weeks are the site's.
import type { Step } from "../api/event-types";
import { dayAndMonth, hourAndMinute, startOf, toLocal, weekday } from "../time/format";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const LENGTHS: Record<Step, number> = {
  "5m": 5 * MINUTE_MS,
  "15m": 15 * MINUTE_MS,
  "1h": HOUR_MS,
  "1d": DAY_MS,
  "1w": 7 * DAY_MS,
};

export const STEPS: readonly (readonly [Step, string])[] = [
  ["5m", "5 minutes"],
  ["15m", "15 minutes"],
  ["1h", "1 hour"],
  ["1d", "1 day"],
  ["1w", "1 week"],
];

export const stepName = (step: Step) => STEPS.find(([value]) => value === step)?.[1] ?? step;

/** A screen tells so many bars apart. */
const MOST_BARS = 170;
/** The server draws no more points than this. */
const MOST_POINTS = 2000;

/** The finest step that a span can be read in. */
export const stepFor = (spanMs: number): Step =>
  STEPS.find(([step]) => spanMs / LENGTHS[step] <= MOST_BARS)?.[0] ?? "1w";

export const isPossible = (step: Step, spanMs: number) => spanMs / LENGTHS[step] <= MOST_POINTS;

/** The start of the step that an instant lies in. */
export function startOfStep(step: Step, ms: number, zone: string): number {
  if (step !== "1d" && step !== "1w") return Math.floor(ms / LENGTHS[step]) * LENGTHS[step];
  const midnight = startOf("day", ms, zone);
  if (step === "1d") return midnight;
  // 1 January 1970 was a Thursday; weeks begin on Monday.
  const number = Math.round(Date.parse(`${toLocal(midnight, zone).slice(0, 10)}T00:00:00Z`) / DAY_MS) + 3;
  const back = number % 7;
  // Noon of that Monday, whatever clocks did in between.
  return startOf("day", midnight - back * DAY_MS + 12 * HOUR_MS, zone);
}

/** The start of the step after the one that begins there. */
export function nextStep(step: Step, start: number, zone: string): number {
  if (step !== "1d" && step !== "1w") return start + LENGTHS[step];
  return startOf("day", start + (step === "1w" ? 7 : 1) * DAY_MS + 12 * HOUR_MS, zone);
}

export interface Frame {
  step: Step;
  /** Where each step begins; `end` is where the last one ends. */
  starts: readonly number[];
  end: number;
}

/** Whole steps that cover a span. */
export function frameOf(step: Step, from: number, to: number, zone: string): Frame {
  const starts: number[] = [];
  let at = startOfStep(step, from, zone);
  while (at < to && starts.length < MOST_POINTS) {
    starts.push(at);
    at = nextStep(step, at, zone);
  }
  return { step, starts, end: at };
}

export const endOf = (frame: Frame, index: number) => frame.starts[index + 1] ?? frame.end;

/** "Wed 25 Nov 2026, 14:00 to 14:15", "Wed 25 Nov 2026", "the week from Mon 23 Nov 2026" */
export function stepSays(frame: Frame, index: number, zone: string): string {
  const start = frame.starts[index];
  if (start === undefined) return "";
  if (frame.step === "1d") return weekday(start, zone);
  if (frame.step === "1w") return `the week from ${weekday(start, zone)}`;
  return `${weekday(start, zone)}, ${hourAndMinute(start, zone)} to ${hourAndMinute(endOf(frame, index), zone)}`;
}

export interface AxisMark {
  index: number;
  text: string;
  isMajor: boolean;
}

/** What is written under the bars: at most so many, at round places. */
export function axisMarks(frame: Frame, zone: string, most: number): AxisMark[] {
  const count = frame.starts.length;
  const isClock = frame.step !== "1d" && frame.step !== "1w";
  const candidates = frame.starts.map((start, index) => ({ start, index, local: toLocal(start, zone) }));
  if (!isClock) {
    const every = Math.max(1, Math.ceil(count / most));
    return candidates
      .filter(({ index }) => index % every === 0)
      .map(({ start, index, local }) => ({
        index,
        text: dayAndMonth(start, zone),
        isMajor: local.slice(8, 10) === "01",
      }));
  }
  const hours = [0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 96, 168].find(
    (step) => (frame.end - (frame.starts[0] ?? 0)) / (step * HOUR_MS) <= most,
  );
  if (hours === undefined) return [];
  return candidates
    .filter(({ local, start }) => {
      const minutes = Number(local.slice(11, 13)) * 60 + Number(local.slice(14, 16));
      if (hours <= 24) return minutes % (hours * 60) === 0;
      const day = Math.round(Date.parse(`${toLocal(start, zone).slice(0, 10)}T00:00:00Z`) / DAY_MS);
      return minutes === 0 && day % (hours / 24) === 0;
    })
    .map(({ start, index, local }) => {
      const isMajor = local.slice(11, 16) === "00:00";
      return { index, text: isMajor ? dayAndMonth(start, zone) : hourAndMinute(start, zone), isMajor };
    });
}
