import type { WhatIf } from "../api/retention-types";
import { fullSays, reachedSays } from "../parts/forecast";
import { bytes } from "../parts/quantities";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { useZone } from "../time/zone";
import { daysSay, goingSays } from "./words";

interface WhatIfProps {
  found: WhatIf;
  nameOf: (camera: string) => string;
  isBusy: boolean;
  onSave: () => void;
}

/** What other days would do, before they are saved. */
export function WhatIfAnswer({ found, nameOf, isBusy, onSave }: WhatIfProps) {
  const zone = useZone();
  const changed = found.after.cameras.filter((after) => {
    const before = found.before.cameras.find(({ camera }) => camera === after.camera);
    return before?.keep_days !== after.keep_days || before.days !== after.days;
  });
  return (
    <section class="card what-if" aria-label="What that would do" role="status">
      <h2>
        {goingSays(found.going)}
        {found.freed_bytes > 0 && `, which frees ${bytes(found.freed_bytes)}.`}
      </h2>
      {found.going.map((each) => (
        <p key={each.camera + each.data_class}>
          {nameOf(each.camera)}: {each.segments.toLocaleString("en-GB")} segments, {bytes(each.bytes)}, of{" "}
          <Time at={each.oldest} /> to <Time at={each.newest} />: {each.reason}
        </p>
      ))}
      {found.after.tiers.map((tier, index) => {
        const before = found.before.tiers[index];
        const words = fullSays(tier, found.after, zone);
        const now = before && fullSays(before, found.before, zone);
        return (
          <p key={tier.name}>
            <strong>{tier.name}</strong> would be {words}
            {now === words ? ", as now." : `; now it is ${now}.`}
          </p>
        );
      })}
      {changed.length > 0 && (
        <Table
          caption="What would change"
          columns={["Camera", "Now", "Then", "Reached now?", "Reached then?"]}
        >
          {changed.map((after) => {
            const before = found.before.cameras.find(({ camera }) => camera === after.camera);
            return (
              <tr key={after.camera}>
                <th scope="row">{after.name}</th>
                <td>{before && daysSay(before.keep_days)}</td>
                <td>{daysSay(after.keep_days)}</td>
                <td>{before && reachedSays(before, found.before.at, zone)}</td>
                <td>{reachedSays(after, found.after.at, zone)}</td>
              </tr>
            );
          })}
        </Table>
      )}
      <div>
        <button
          type="button"
          class={`first ${found.going.length > 0 ? "danger" : ""}`}
          disabled={isBusy}
          onClick={onSave}
        >
          {found.going.length > 0 ? "Save, and delete that" : "Save"}
        </button>
      </div>
    </section>
  );
}
