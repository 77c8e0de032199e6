import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { length } from "../time/format";
import { type Stretch, saying } from "./spans";
import type { View } from "./view";

const MOST_ROWS = 300;

/** The same timeline as a table: what is on show, in words. */
export function SpanTable({
  name,
  view,
  stretches,
}: {
  name: string;
  view: View;
  stretches: readonly Stretch[];
}) {
  const shown = stretches.filter((s) => s.coverage !== "ahead" && s.end > view.start && s.start < view.end);
  return (
    <details class="as-table">
      <summary>Show as a table</summary>
      {shown.length > MOST_ROWS && (
        <p class="quiet">
          The first {MOST_ROWS} of {shown.length} spans; zoom in for the others.
        </p>
      )}
      <Table
        caption={`Spans of ${name}`}
        columns={["From", "To", { text: "Length", isNumber: true }, "What", "Detail"]}
      >
        {shown.slice(0, MOST_ROWS).map((stretch) => (
          <tr key={stretch.start} class={stretch.coverage}>
            <td>
              <Time at={stretch.start} />
            </td>
            <td>
              <Time at={stretch.end} />
            </td>
            <td class="number">{length((stretch.end - stretch.start) / 1000)}</td>
            <td>{saying(stretch)}</td>
            <td>{stretch.detail}</td>
          </tr>
        ))}
      </Table>
    </details>
  );
}
