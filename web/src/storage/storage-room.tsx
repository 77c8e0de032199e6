import { getStorage } from "../api/endpoints";
import { getForecast } from "../api/retention-endpoints";
import { getTiers } from "../api/tier-endpoints";
import type { Tiers } from "../api/tier-types";
import type { CameraUse, VolumeUse } from "../api/types";
import { useRemote } from "../api/use-remote";
import { ForecastCard } from "../parts/forecast-card";
import { Fault, Hint, Loading } from "../parts/notice";
import { bytes, counted } from "../parts/quantities";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { length } from "../time/format";
import { TierFlow } from "./tiers";

const EVERY_MS = 15_000;

/** Where the footage lies, how much of it there is, and what is missing. */
export default function StorageRoom() {
  const { value, error } = useRemote(getStorage, "storage", ["segment", "gap", "camera"], EVERY_MS);
  const tiers = useRemote(getTiers, "tiers", [], EVERY_MS);
  const forecast = useRemote(getForecast, "forecast", ["camera"], 4 * EVERY_MS);
  if (!value) return error ? <Fault error={error} /> : <Loading what="storage" />;
  const total = value.cameras.reduce((sum, camera) => sum + camera.bytes, 0);
  const perDay = value.cameras.reduce((sum, camera) => sum + camera.bytes_per_day, 0);
  return (
    <>
      <div class="bar">
        <h1>Storage</h1>
        <p class="quiet">
          {bytes(total)} of footage, {perDay > 0 ? `${bytes(perDay)} more a day` : "growth not known yet"}
        </p>
      </div>
      <Fault error={error} />
      {value.spool_rows > 0 && (
        <Hint>
          <strong>{counted(value.spool_rows, "entry", "entries")} waiting for the database.</strong> Recording
          goes on; the catalog catches up by itself.
        </Hint>
      )}
      <Fault error={tiers.error} />
      {tiers.value && isTiered(tiers.value) ? (
        <TierFlow report={tiers.value} />
      ) : (
        <div class="volumes">
          {value.volumes.map((volume) => (
            <Volume key={volume.id} volume={volume} perDay={perDay} />
          ))}
        </div>
      )}
      {forecast.value && <ForecastCard forecast={forecast.value} />}
      <h2>By camera</h2>
      {value.cameras.length === 0 ? (
        <p class="quiet">No camera has recorded anything yet.</p>
      ) : (
        <Cameras cameras={value.cameras} />
      )}
    </>
  );
}

/** Whether there is more to show than the one volume that is recorded to. */
const isTiered = ({ tiers, forgotten }: Tiers) =>
  tiers.length > 1 || tiers.some((tier) => tier.volumes.length > 1) || forgotten.length > 0;

function Volume({ volume, perDay }: { volume: VolumeUse; perDay: number }) {
  const used = volume.total_bytes - volume.free_bytes;
  const usable = Math.max(0, volume.free_bytes - volume.reserve_bytes);
  const full = volume.total_bytes - volume.reserve_bytes;
  return (
    <section class="card volume" aria-label={`Volume ${volume.path_label}`}>
      <h2>
        <code>{volume.path_label}</code>
      </h2>
      <meter
        aria-label={`${bytes(used)} of ${bytes(volume.total_bytes)} used`}
        min={0}
        max={volume.total_bytes}
        high={full * 0.9}
        optimum={0}
        value={used}
      />
      <dl class="figures">
        <div>
          <dt>Used</dt>
          <dd>
            {bytes(used)} of {bytes(volume.total_bytes)}
          </dd>
        </div>
        <div>
          <dt>Free for footage</dt>
          <dd>{bytes(usable)}</dd>
        </div>
        <div>
          <dt>Kept in reserve</dt>
          <dd>{bytes(volume.reserve_bytes)}</dd>
        </div>
        <div>
          <dt>Full at this pace</dt>
          <dd>
            {perDay > 0 ? `in ${length((usable / perDay) * 86_400)}, if nothing expires` : "not enough data"}
          </dd>
        </div>
      </dl>
    </section>
  );
}

const COLUMNS = [
  "Camera",
  { text: "Footage", isNumber: true },
  { text: "A day", isNumber: true },
  "Oldest",
  "Newest",
  { text: "Gaps, last 24 h", isNumber: true },
  { text: "Segments", isNumber: true },
] as const;

function Cameras({ cameras }: { cameras: CameraUse[] }) {
  return (
    <Table caption="Storage by camera" columns={COLUMNS}>
      {cameras.map((camera) => (
        <tr key={camera.id} data-camera={camera.id}>
          <th scope="row">
            <a href={`/play/${camera.id}`}>{camera.name}</a>
          </th>
          <td class="number">{bytes(camera.bytes)}</td>
          <td class="number">
            {camera.bytes_per_day > 0 ? (
              bytes(camera.bytes_per_day)
            ) : (
              <span class="quiet">not enough data</span>
            )}
          </td>
          <td>
            <Time at={camera.oldest} />
          </td>
          <td>
            <Time at={camera.newest} form="ago" />
          </td>
          <td class={`number ${camera.gaps_24h.count > 0 ? "bad-text" : ""}`}>
            {camera.gaps_24h.count === 0
              ? "none"
              : `${counted(camera.gaps_24h.count, "gap")}, ${length(camera.gaps_24h.seconds)}`}
          </td>
          <td class="number">{segmentsOf(camera)}</td>
        </tr>
      ))}
    </Table>
  );
}

/** "1,204 closed, 1 open"; the states that should not occur are named only when they do. */
function segmentsOf({ segments }: CameraUse): string {
  const words = [`${segments.closed.toLocaleString("en-GB")} closed`, `${segments.open} open`];
  if (segments.recovered > 0) words.push(`${segments.recovered} recovered`);
  if (segments.lost > 0) words.push(`${segments.lost} lost`);
  return words.join(", ");
}
