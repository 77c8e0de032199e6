import type { Going } from "../api/retention-types";
import { bytes } from "../parts/quantities";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { byDay, classSays } from "./words";

const COLUMNS = [
  "Goes between",
  "and",
  "Camera",
  "What",
  "Why",
  "Footage from",
  "to",
  { text: "Segments", isNumber: true },
  { text: "Frees", isNumber: true },
] as const;

/** What goes by its age, day by day, each with its reason. */
export function Deletions({
  going,
  nameOf,
}: {
  going: readonly Going[];
  nameOf: (camera: string) => string;
}) {
  if (going.length === 0) return <p class="quiet">Nothing reaches its age in this time.</p>;
  return (
    <Table caption="What goes, and why" columns={COLUMNS}>
      {byDay(going).flatMap(([from, items]) =>
        items.map((each) => (
          <tr key={from + each.camera + each.data_class}>
            <td>
              <Time at={each.from} />
            </td>
            <td>
              <Time at={each.to} />
            </td>
            <td>{nameOf(each.camera)}</td>
            <td>{classSays(each.data_class)}</td>
            <td>{each.reason}</td>
            <td>
              <Time at={each.oldest} />
            </td>
            <td>
              <Time at={each.newest} />
            </td>
            <td class="number">
              {each.is_at_most && "at most "}
              {each.segments.toLocaleString("en-GB")}
            </td>
            <td
              class="number"
              title={each.is_at_most ? "Events claim some of it, which stays as clips" : undefined}
            >
              {bytes(each.bytes)}
            </td>
          </tr>
        )),
      )}
    </Table>
  );
}
