// The timeline's arithmetic: which stretch of time is on show, and where an instant lies in it.
import { clock, dayAndMonth, hourAndMinute, monthAndYear, startOf, toLocal } from "../time/format";

/** A stretch of time on show, in milliseconds since the epoch, half-open. */
export interface View {
  start: number;
  end: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const SHORTEST_MS = 5 * SECOND;
export const LONGEST_MS = 366 * DAY;

export const PRESETS: readonly (readonly [name: string, ms: number])[] = [
  ["1 min", MINUTE],
  ["10 min", 10 * MINUTE],
  ["1 h", HOUR],
  ["6 h", 6 * HOUR],
  ["1 day", DAY],
  ["1 week", 7 * DAY],
  ["1 month", 31 * DAY],
  ["1 year", LONGEST_MS],
];

export const lengthOf = (view: View) => view.end - view.start;

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** A view of a length with an instant at a share of its width (0 left, 1 right). */
export function viewAround(ms: number, length: number, share = 0.5): View {
  const start = Math.round(ms - length * share);
  return { start, end: start + Math.round(length) };
}

/** Makes a view longer (factor above 1) or shorter, with one instant staying where it is. */
export function zoom(view: View, factor: number, anchorMs: number): View {
  const length = clamp(lengthOf(view) * factor, SHORTEST_MS, LONGEST_MS);
  return viewAround(anchorMs, length, (anchorMs - view.start) / lengthOf(view));
}

export const pan = (view: View, ms: number): View => ({ start: view.start + ms, end: view.end + ms });

/** Moves a view just so far that an instant lies within its middle four fifths. */
export function follow(view: View, ms: number): View {
  const edge = lengthOf(view) / 10;
  if (ms >= view.start + edge && ms <= view.end - edge) return view;
  return viewAround(ms, lengthOf(view), ms > view.end - edge ? 0.2 : 0.8);
}

export const xOf = (view: View, width: number, ms: number) => ((ms - view.start) / lengthOf(view)) * width;
export const timeAt = (view: View, width: number, x: number) => view.start + (x / width) * lengthOf(view);

const STEPS = [
  SECOND,
  5 * SECOND,
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
];

/** How far one press of an arrow key moves: about a hundredth of the view, in round figures. */
export function keyStep(view: View): number {
  const wanted = lengthOf(view) / 100;
  return [...STEPS, DAY].findLast((step) => step <= wanted) ?? SECOND;
}

export interface Tick {
  at: number;
  text: string;
  /** Begins a day (or a month, or a year): drawn stronger. */
  isMajor: boolean;
}

/** Round instants of the local clock to write under the timeline, at least `apartPx` from one another. */
export function ticks(view: View, width: number, zone: string, apartPx = 76): Tick[] {
  const shortest = (apartPx / Math.max(1, width)) * lengthOf(view);
  const step = STEPS.find((candidate) => candidate >= shortest);
  if (step !== undefined) return clockTicks(view, step, zone);
  const days = [1, 2, 7, 14].find((count) => count * DAY >= shortest);
  return days !== undefined
    ? dayTicks(view, days, zone)
    : monthTicks(view, shortest > 62 * DAY ? 3 : shortest > 31 * DAY ? 2 : 1, zone);
}

function clockTicks(view: View, step: number, zone: string): Tick[] {
  const found: Tick[] = [];
  let midnight = startOf("day", view.start, zone);
  while (midnight < view.end) {
    const next = startOf("day", midnight + 26 * HOUR, zone);
    // Far into the day, the first steps are skipped in one go.
    const first = midnight + Math.max(0, Math.floor((view.start - midnight) / step)) * step;
    for (let at = first; at < next && at < view.end; at += step) {
      if (at < view.start) continue;
      const isMajor = at === midnight;
      const text = isMajor
        ? dayAndMonth(at, zone)
        : step < MINUTE
          ? clock(at, zone)
          : hourAndMinute(at, zone);
      found.push({ at, text, isMajor });
    }
    midnight = next;
  }
  return found;
}

function dayTicks(view: View, days: number, zone: string): Tick[] {
  const found: Tick[] = [];
  let at = startOf("day", view.start, zone);
  while (at < view.end) {
    // Days are counted from a fixed Monday, so that ticks stay put while the view moves.
    const number = Math.round(Date.parse(`${toLocal(at, zone).slice(0, 10)}T00:00:00Z`) / DAY) + 3;
    if (at >= view.start && number % days === 0) {
      const isMajor = toLocal(at, zone).slice(8, 10) === "01";
      found.push({ at, text: dayAndMonth(at, zone), isMajor });
    }
    at = startOf("day", at + 26 * HOUR, zone);
  }
  return found;
}

function monthTicks(view: View, months: number, zone: string): Tick[] {
  const found: Tick[] = [];
  let at = startOf("month", view.start, zone);
  while (at < view.end) {
    const month = Number(toLocal(at, zone).slice(5, 7)) - 1;
    if (at >= view.start && month % months === 0) {
      found.push({ at, text: monthAndYear(at, zone), isMajor: month === 0 });
    }
    at = startOf("month", at + 32 * DAY, zone);
  }
  return found;
}

/**
 * The stretch to ask the server for: somewhat more than the view, on a grid, so that small moves need no question.
 */
export function stretchFor(view: View): View {
  const grid = 2 ** Math.ceil(Math.log2(lengthOf(view) / 4));
  return { start: Math.floor(view.start / grid) * grid, end: Math.ceil(view.end / grid) * grid };
}
