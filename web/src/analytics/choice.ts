// What is on show: read from the address, written back to it.
import type { Step } from "../api/event-types";
import { fromLocal } from "../time/format";
import type { Grouping } from "./rows";
import { type Frame, frameOf, isPossible, nextStep, STEPS, startOfStep, stepFor } from "./steps";

export type Query = Record<string, string>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const SPANS: readonly (readonly [value: string, text: string, ms: number])[] = [
  ["6h", "6 hours", 6 * HOUR_MS],
  ["24h", "24 hours", DAY_MS],
  ["7d", "7 days", 7 * DAY_MS],
  ["31d", "31 days", 31 * DAY_MS],
  ["1y", "1 year", 366 * DAY_MS],
];

export interface Choice {
  what: "objects" | "events";
  cameras: string[];
  by: Grouping;
  /** "" where from and to are chosen by hand. */
  span: string;
  isStepChosen: boolean;
  frame: Frame;
}

/** Makes sense of an address; what makes none is as if it were not there. */
export function choiceOf(query: Query, zone: string, now: number): Choice {
  const from = fromLocal(query.from ?? "", zone);
  const to = fromLocal(query.to ?? "", zone) ?? now;
  const isByHand = from !== null && from < to;
  const preset = SPANS.find(([value]) => value === query.span) ?? SPANS[1];
  const length = isByHand ? to - from : (preset?.[2] ?? DAY_MS);
  const wanted = STEPS.find(([step]) => step === query.step)?.[0];
  const isStepChosen = wanted !== undefined && isPossible(wanted, length);
  const step = isStepChosen ? wanted : stepFor(length);
  const end = isByHand ? to : nextStep(step, startOfStep(step, now, zone), zone);
  return {
    what: query.what === "events" ? "events" : "objects",
    cameras: query.camera?.split(",").filter(Boolean) ?? [],
    by: query.by === "camera" || query.by === "each" ? query.by : "type",
    span: isByHand ? "" : (preset?.[0] ?? "24h"),
    isStepChosen,
    frame: frameOf(step, isByHand ? from : end - length, end, zone),
  };
}

/** Which steps a length of time allows. */
export const stepsFor = (frame: Frame): (readonly [Step, string])[] =>
  STEPS.filter(([step]) => isPossible(step, frame.end - (frame.starts[0] ?? frame.end)));

export function addressOf(query: Query, part: Query): string {
  const all = Object.entries({ ...query, ...part }).filter(([, value]) => value !== "");
  const search = new URLSearchParams(all);
  return `/analytics${search.size > 0 ? `?${search}` : ""}`;
}
