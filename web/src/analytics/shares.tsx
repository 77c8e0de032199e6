import { SEVERITIES, SeverityMark, severityName } from "../parts/severity";
import { Table } from "../parts/table";
import type { Row } from "./rows";

/** How grave the events of each kind were: a bar for the eye, the figures beside it. */
export function SeverityShares({ rows }: { rows: readonly Row[] }) {
  return (
    <Table
      caption="Events by kind and severity"
      columns={[
        "Kind",
        { text: "Events", isNumber: true },
        ...SEVERITIES.map((severity) => ({ text: severityName(severity), isNumber: true }) as const),
        "Distribution",
      ]}
    >
      {rows.map((row) => (
        <tr key={row.key}>
          <th scope="row">{row.name}</th>
          <td class="number">{row.total.toLocaleString("en-GB")}</td>
          {SEVERITIES.map((severity) => (
            <td key={severity} class="number">
              <span class={`severity severity-${severity}`}>
                <SeverityMark severity={severity} />
                {(row.severities?.[severity] ?? 0).toLocaleString("en-GB")}
              </span>
            </td>
          ))}
          <td>
            <Distribution row={row} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Distribution({ row }: { row: Row }) {
  const { severities, total } = row;
  if (!severities || total === 0) return <span class="quiet">–</span>;
  let x = 0;
  return (
    <svg class="distribution" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      {severities.map((count, severity) => {
        const width = (count / total) * 100;
        const left = x;
        x += width;
        return width > 0 ? (
          <rect key={severity} class={`severity-${severity}`} x={left} y="0" width={width} height="10" />
        ) : null;
      })}
    </svg>
  );
}
