import type { ComponentChildren } from "preact";
import type { Move, Tier, Tiers, TierVolume } from "../api/tier-types";
import { Hint } from "../parts/notice";
import { bytes, counted } from "../parts/quantities";
import { StateDot } from "../parts/state-dot";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { useZone } from "../time/zone";
import { bindingOf, CONDITIONS, limitsOf, paceOf, roomOf } from "./tier-words";

/** The way that footage takes through the tiers, how full each is, what binds, and what moves next. */
export function TierFlow({ report }: { report: Tiers }) {
  const { tiers, forgotten } = report;
  return (
    <>
      {forgotten.map((volume) => (
        <Hint key={volume.id}>
          <strong>{bytes(volume.used_bytes)} lie on a volume that the settings name no more.</strong> Name{" "}
          <code>{volume.path_label}</code> under storage.tiers again, or let the footage expire.
        </Hint>
      ))}
      <ol class="tiers" aria-label="Tiers, in the order in which footage passes through them">
        {tiers.map((tier, number) => (
          <TierCard key={tier.name} tier={tier} isLast={number === tiers.length - 1} />
        ))}
      </ol>
      {tiers.length > 1 && <NextMoves report={report} />}
    </>
  );
}

function TierCard({ tier, isLast }: { tier: Tier; isLast: boolean }) {
  const zone = useZone();
  const pace = paceOf(tier);
  return (
    <li class="card tier" data-tier={tier.name}>
      <h2>{tier.name}</h2>
      {tier.max_bytes !== null && (
        <meter
          aria-label={`${bytes(tier.used_bytes)} of ${bytes(tier.max_bytes)} used`}
          min={0}
          max={tier.max_bytes}
          high={tier.max_bytes * 0.9}
          optimum={0}
          value={Math.min(tier.used_bytes, tier.max_bytes)}
        />
      )}
      <dl class="figures">
        <Figure name="Footage">
          {bytes(tier.used_bytes)}
          {tier.max_bytes !== null && ` of ${bytes(tier.max_bytes)}`}
        </Figure>
        <Figure name="Oldest">
          <Time at={tier.oldest} />
        </Figure>
        <Figure name="Goes on">{limitsOf(tier, isLast)}</Figure>
        <Figure name="What binds">{bindingOf(tier, isLast, zone, Date.now())}</Figure>
        {tier.coming_segments > 0 && (
          <Figure name="On the way here">
            {counted(tier.coming_segments, "segment")}, {bytes(tier.coming_bytes)}
          </Figure>
        )}
        {pace !== null && <Figure name="Moves in">{pace}</Figure>}
      </dl>
      <ul class="places" aria-label={`Volumes of ${tier.name}`}>
        {tier.volumes.map((volume) => (
          <Place key={volume.id} volume={volume} />
        ))}
        {tier.waiting.map((label) => (
          <li key={label}>
            <p>
              <StateDot tone="bad" word="not reached yet" /> <code>{label}</code>
            </p>
          </li>
        ))}
      </ul>
    </li>
  );
}

function Figure({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Place({ volume }: { volume: TierVolume }) {
  const { word, tone } = CONDITIONS[volume.condition];
  return (
    <li data-volume={volume.id}>
      <p>
        <StateDot tone={tone} word={word} /> <code>{volume.path_label}</code>
      </p>
      <p class="quiet">
        {roomOf(volume)}
        {volume.condition !== "good" && volume.since !== null && (
          <>
            , {word} since <Time at={volume.since} />
          </>
        )}
      </p>
      {volume.detail !== null && <p class="bad-text">{volume.detail}</p>}
    </li>
  );
}

const COLUMNS = ["Footage of", "Camera", "From", "To", { text: "Size", isNumber: true }, "State"] as const;

function NextMoves({ report }: { report: Tiers }) {
  const volumes = new Map(report.tiers.flatMap((tier) => tier.volumes).map((each) => [each.id, each]));
  const name = (id: string) => volumes.get(id)?.tier ?? "elsewhere";
  return (
    <>
      <h2>Next moves</h2>
      {report.next_moves.length === 0 ? (
        <p class="quiet">Nothing is due to move.</p>
      ) : (
        <Table caption="Next moves, oldest footage first" columns={COLUMNS}>
          {report.next_moves.map((move) => (
            <tr key={`${move.segment}-${move.target}`} data-move={move.segment}>
              <th scope="row">
                <Time at={move.from} />
              </th>
              <td>{move.camera}</td>
              <td>{name(move.source)}</td>
              <td>{name(move.target)}</td>
              <td class="number">{bytes(move.bytes)}</td>
              <td>{stateOf(move)}</td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}

function stateOf(move: Move) {
  if (move.detail !== null) return <span class="bad-text">{move.detail}</span>;
  return move.is_under_way ? "under way" : "waits its turn";
}
