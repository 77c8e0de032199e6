import { Table } from "../parts/table";
import { useZone } from "../time/zone";
import { barSays, openFrom } from "./chart";
import type { Row } from "./rows";
import { endOf, type Frame, stepSays } from "./steps";

interface CountsTableProps {
  caption: string;
  frame: Frame;
  rows: readonly Row[];
  completeUntil: number;
  now: number;
}

const MOST_ROWS = 400;

/** The same numbers as the chart's, newest first. */
export function CountsTable({ caption, frame, rows, completeUntil, now }: CountsTableProps) {
  const zone = useZone();
  const begun = frame.starts.map((_, index) => index).filter((index) => (frame.starts[index] ?? now) <= now);
  const shown = begun.reverse().slice(0, MOST_ROWS);
  const open = openFrom(frame, completeUntil);
  return (
    <details class="as-table">
      <summary>Show as a table</summary>
      {begun.length > MOST_ROWS && (
        <p class="quiet">
          The newest {MOST_ROWS} of {begun.length} steps; take longer steps for the others.
        </p>
      )}
      <Table
        caption={caption}
        columns={["Step", ...rows.map(({ name }) => ({ text: name, isNumber: true }) as const), "Whole"]}
      >
        {shown.map((index) => (
          <tr key={index}>
            <td class="number">
              <time
                dateTime={`${new Date(frame.starts[index] ?? 0).toISOString()}/${new Date(endOf(frame, index)).toISOString()}`}
              >
                {stepSays(frame, index, zone)}
              </time>
            </td>
            {rows.map((row) => (
              <td key={row.key} class="number">
                {barSays(row.bars[index])}
                {sureness(row.bars[index]?.confidence)}
              </td>
            ))}
            <td>{index < open ? "yes" : "not yet"}</td>
          </tr>
        ))}
      </Table>
    </details>
  );
}

const sureness = (confidence: number | null | undefined) =>
  confidence === null || confidence === undefined ? "" : `, ${Math.round(confidence * 100)} % sure`;
