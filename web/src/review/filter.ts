// Which incidents are wanted: in the address of the page, and as the server is asked.
import type { IncidentQuery } from "../api/event-types";
import { fromLocal, iso } from "../time/format";

/** The address's query: what is not chosen is not there. */
export type Query = Record<string, string>;

const HOUR_MS = 3_600_000;

export const SPANS: readonly (readonly [value: string, text: string, ms: number])[] = [
  ["1h", "last hour", HOUR_MS],
  ["24h", "last 24 hours", 24 * HOUR_MS],
  ["7d", "last 7 days", 7 * 24 * HOUR_MS],
  ["31d", "last 31 days", 31 * 24 * HOUR_MS],
];

/** What people did with an incident, as one choice: "new" is what nobody has looked at. */
export const MARKS: readonly (readonly [value: string, text: string, query: IncidentQuery])[] = [
  ["new", "not seen", { seen: "false" }],
  ["seen", "seen", { seen: "true" }],
  ["true", "true", { verdict: "true" }],
  ["false", "false alarm", { verdict: "false" }],
  ["none", "not judged", { verdict: "none" }],
];

const FILTERS = ["camera", "kind", "object", "severity", "span", "from", "to", "marks"] as const;

export const isFiltered = (query: Query) => FILTERS.some((name) => query[name]);

/** The same query with some parts different; "" takes a part out. */
export function addressOf(query: Query, part: Query): string {
  const all = Object.entries({ ...query, ...part }).filter(([, value]) => value !== "");
  const search = new URLSearchParams(all);
  return `/review${search.size > 0 ? `?${search}` : ""}`;
}

const listOf = (text: string | undefined) => text?.split(",").filter(Boolean) ?? [];

/** What to ask the server for, now. */
export function askedFor(query: Query, zone: string, now: number): IncidentQuery {
  const span = SPANS.find(([value]) => value === query.span)?.[2];
  const from = span === undefined ? fromLocal(query.from ?? "", zone) : now - span;
  const to = span === undefined ? fromLocal(query.to ?? "", zone) : null;
  const severity = Number(query.severity);
  return {
    camera: listOf(query.camera),
    kind: listOf(query.kind),
    object: listOf(query.object),
    ...(severity > 0 && { severity }),
    ...MARKS.find(([value]) => value === query.marks)?.[2],
    ...(from !== null && { from: iso(from) }),
    ...(to !== null && { to: iso(to) }),
  };
}

/** What makes two queries ask for the same list: the open incident does not. */
export const keyOf = (query: Query) => JSON.stringify(FILTERS.map((name) => query[name] ?? ""));
