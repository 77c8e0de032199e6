import { spoken } from "../parts/words";
import { instant, moment } from "../time/format";

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
/** A span is told from its start; the server keeps no order. */
const FIRST = ["from", "to"];

const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

/** The facts of an audit entry in one line: "from 25 Nov 2026, 04:34:43 · to … · role main". */
export const factsLine = (facts: Record<string, string>, zone: string): string =>
  Object.entries(facts)
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .map(([name, value]) => `${spoken(name)} ${told(value, zone)}`)
    .join(" · ");

function told(value: string, zone: string): string {
  const ms = INSTANT.test(value) ? instant(value) : null;
  return ms === null ? value : moment(ms, zone);
}
