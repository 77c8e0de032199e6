import type { Severity } from "../api/event-types";

export const SEVERITIES: readonly Severity[] = [0, 1, 2, 3];
const NAMES = ["Info", "Notice", "Alert", "Critical"] as const;

export const severityName = (severity: Severity) => NAMES[severity];

// One outline each on a 12-unit grid, so that no one needs the colour: ring, diamond, triangle, octagon.
const SHAPES = [
  "M6 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
  "M6 .8 11.2 6 6 11.2.8 6z",
  "M6 .9 11.6 11H.4z",
  "M3.8.6h4.4l3.2 3.2v4.4l-3.2 3.2H3.8L.6 8.2V3.8z",
] as const;

export const severityShape = (severity: Severity) => SHAPES[severity];

/** The sign of a severity alone; whoever uses it says the word too. */
export function SeverityMark({ severity }: { severity: Severity }) {
  return (
    <svg class={`mark-of severity-${severity}`} viewBox="0 0 12 12" aria-hidden="true" focusable="false">
      <path d={SHAPES[severity]} />
    </svg>
  );
}

/** A severity in sign and word. */
export function SeverityBadge({ severity }: { severity: Severity }) {
  return (
    <span class={`severity severity-${severity}`}>
      <SeverityMark severity={severity} />
      {NAMES[severity]}
    </span>
  );
}
