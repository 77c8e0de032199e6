// Instants as people read them: in the site's zone, 24 hours, the day written out so that it cannot be misread.

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let known = formats.get(key);
  if (!known) {
    known = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
    formats.set(key, known);
  }
  return known;
}

/** "14:03:20" */
export const clock = (ms: number, zone: string) =>
  format(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms);

/** "14:03" */
export const hourAndMinute = (ms: number, zone: string) =>
  format(zone, { hour: "2-digit", minute: "2-digit" }).format(ms);

/** "25 Nov 2026" */
export const day = (ms: number, zone: string) =>
  format(zone, { day: "numeric", month: "short", year: "numeric" }).format(ms);

/** "25 Nov" */
export const dayAndMonth = (ms: number, zone: string) =>
  format(zone, { day: "numeric", month: "short" }).format(ms);

/** "Nov 2026" */
export const monthAndYear = (ms: number, zone: string) =>
  format(zone, { month: "short", year: "numeric" }).format(ms);

/** "Wed 25 Nov 2026" */
export const weekday = (ms: number, zone: string) =>
  format(zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" })
    .format(ms)
    .replace(",", "");

/** "25 Nov 2026, 14:03:20" */
export const moment = (ms: number, zone: string) => `${day(ms, zone)}, ${clock(ms, zone)}`;

/** "2026-11-25 14:03:20 UTC": what hovering over a time shows. */
export const utc = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** "2026-11-25T14:03:20.000Z" */
export const iso = (ms: number) => new Date(ms).toISOString();

/** An instant of an address or a body; null when it is none. */
export function instant(text: string | null | undefined): number | null {
  if (!text) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

const UNITS: [number, string][] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

/** "3 h 12 min", "45 s", "2 d": the two largest units, whole. */
export function length(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const first = UNITS.findIndex(([size]) => rest >= size);
  if (first < 0) return "0 s";
  const words: string[] = [];
  for (const [size, unit] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) words.push(`${count} ${unit}`);
  }
  return words.join(" ");
}

/** How far the zone's clock is ahead of UTC at an instant, in milliseconds. */
function offsetMs(ms: number, zone: string): number {
  const parts = format(zone, {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).formatToParts(ms);
  const part = (type: string) => Number(parts.find((p) => p.type === type)?.value);
  const local = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return local - Math.floor(ms / 1000) * 1000;
}

/** "2026-11-25T14:03:20" in the zone, as an input of type datetime-local wants it. */
export const toLocal = (ms: number, zone: string) =>
  new Date(ms + offsetMs(ms, zone)).toISOString().slice(0, 19);

/**
 * The instant of a local time without zone; null when it is none.
 *
 * An hour that happens twice when clocks go back means the first; one that never happens means the instant
 * that many minutes after the change.
 */
export function fromLocal(text: string, zone: string): number | null {
  const asUtc = instant(`${text}Z`);
  if (asUtc === null) return null;
  const before = offsetMs(asUtc - 86_400_000, zone);
  const first = asUtc - before;
  if (offsetMs(first, zone) === before) return first;
  const second = asUtc - offsetMs(first, zone);
  return toLocal(second, zone).startsWith(text.slice(0, 16)) ? second : first;
}

/** The start of the local day (or month, or year) an instant lies in. */
export function startOf(unit: "day" | "month" | "year", ms: number, zone: string): number {
  const local = toLocal(ms, zone);
  const kept = {
    day: local.slice(0, 10),
    month: `${local.slice(0, 7)}-01`,
    year: `${local.slice(0, 4)}-01-01`,
  };
  return fromLocal(`${kept[unit]}T00:00:00`, zone) ?? ms;
}
