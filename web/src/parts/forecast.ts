// The forecast in words.
import type { CameraForecast, Forecast, TierForecast } from "../api/retention-types";
import { day, instant } from "../time/format";
import { bytes, counted } from "./quantities";

const DAY_MS = 86_400_000;

const dayOf = (text: string | null, zone: string) => day(instant(text) ?? 0, zone);

/** "full on 14 Dec 2026, between 12 Dec 2026 and 17 Dec 2026" */
export function fullSays(tier: TierForecast, forecast: Forecast, zone: string): string {
  if (forecast.spread === null) return "not enough data to say when it is full";
  if (tier.capacity_bytes === null) return "nothing bounds it";
  if (tier.full_at === null) {
    const most = Math.max(0, ...tier.line.map((point) => point[2]));
    const maybe = tier.full_from === null ? "" : `, though it may be from ${dayOf(tier.full_from, zone)} on`;
    return `never full: at most ${bytes(most)} of ${bytes(tier.capacity_bytes)}${maybe}`;
  }
  if ((instant(tier.full_at) ?? 0) <= (instant(forecast.at) ?? 0)) return "full";
  const until = tier.full_until === null ? "never" : dayOf(tier.full_until, zone);
  const band =
    tier.full_from === tier.full_until
      ? ""
      : tier.full_until === null
        ? `, at the earliest on ${dayOf(tier.full_from, zone)}`
        : `, between ${dayOf(tier.full_from, zone)} and ${until}`;
  return `full on ${dayOf(tier.full_at, zone)}${band}`;
}

/** "reached", "reached on 14 Dec 2026", "not reached: 22.4 d (20.1 d if more comes)", "not enough data (5 h)" */
export function reachedSays(camera: CameraForecast, now: string, zone: string): string {
  if (camera.days === null) return `not enough data (${counted(camera.known_h, "hour")})`;
  if (camera.reached_at === null) {
    const low =
      camera.days_low !== null && camera.days - camera.days_low >= 0.1
        ? ` (${camera.days_low.toFixed(1)} d if more comes)`
        : "";
    return `not reached: ${camera.days.toFixed(1)} d${low}`;
  }
  const isPast = (instant(camera.reached_at) ?? 0) <= (instant(now) ?? 0);
  return isPast ? "reached" : `reached on ${dayOf(camera.reached_at, zone)}`;
}

/** "×1.6 since 21 Nov 2026" of the newest step; nothing where there is none. */
export function stepSays(camera: CameraForecast, zone: string): string {
  const step = camera.steps.at(-1);
  return step ? `×${step.ratio.toFixed(2)} since ${dayOf(step.at, zone)}` : "";
}

const percent = (share: number) => `${share < 0 ? "−" : "+"}${(Math.abs(share) * 100).toFixed(1)} %`;

/** How well a forecast of some weeks ago did; nothing where none could have been made. */
export function missSays(forecast: Forecast, zone: string): string {
  const { miss } = forecast;
  if (miss === null) return "";
  const steps =
    Math.abs(miss.of_steps) < 0.001 ? "" : `, ${percent(miss.of_steps)} of it for bitrate steps since`;
  return `A forecast of ${dayOf(miss.made_at, zone)} would have been off by ${percent(miss.miss)}${steps}.`;
}

export interface Plot {
  /** As shares of width and height, from the left and from the top: what an SVG of 1 × 1 takes. */
  band: string;
  line: string;
  /** Height of the limit; null where there is none, or far above what is drawn. */
  limit: number | null;
  top: number;
}

/** The line with its band, to a scale on which the limit is seen where it matters. */
export function plotOf(tier: Pick<TierForecast, "line" | "capacity_bytes">): Plot {
  const most = Math.max(1, ...tier.line.map((point) => point[3]));
  const limit = tier.capacity_bytes !== null && tier.capacity_bytes <= most * 3 ? tier.capacity_bytes : null;
  const top = Math.max(most, limit ?? 0) * 1.06;
  const last = Math.max(1, tier.line.length - 1);
  const at = (index: number, value: number) =>
    `${((index / last) * 100).toFixed(3)},${(100 - (value / top) * 100).toFixed(3)}`;
  const upper = tier.line.map((point, index) => at(index, point[3]));
  const lower = tier.line.map((point, index) => at(index, point[1])).reverse();
  return {
    band: [...upper, ...lower].join(" "),
    line: tier.line.map((point, index) => at(index, point[2])).join(" "),
    limit: limit === null ? null : 100 - (limit / top) * 100,
    top,
  };
}

/** The points at which a day is written under the chart: at most so many. */
export function dayMarks(line: TierForecast["line"], most: number): { index: number; ms: number }[] {
  const every = Math.max(1, Math.ceil(line.length / most));
  return line.flatMap(([at], index) =>
    index % every === 0 && index <= line.length * 0.95 ? [{ index, ms: instant(at) ?? 0 }] : [],
  );
}

export const daysAhead = (forecast: Forecast, at: string) =>
  Math.round(((instant(at) ?? 0) - (instant(forecast.at) ?? 0)) / DAY_MS);
