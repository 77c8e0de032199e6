import { useState } from "preact/hooks";
import { listCameras } from "../api/endpoints";
import { getHold, listHolds, withdrawRelease } from "../api/hold-endpoints";
import type { Hold } from "../api/hold-types";
import type { Camera } from "../api/types";
import { useRemote } from "../api/use-remote";
import { Tick } from "../parts/field";
import { HoldDialog } from "../parts/hold-dialog";
import { camerasName, endSays, stateName } from "../parts/holding";
import { Icon } from "../parts/icon";
import { Empty, Fault, Loading } from "../parts/notice";
import { bytes, counted } from "../parts/quantities";
import { StateDot, type Tone } from "../parts/state-dot";
import { Table } from "../parts/table";
import { Time } from "../parts/time";
import { useSubmit } from "../parts/use-submit";
import { useZone } from "../time/zone";
import { ConfirmDialog, ExtendDialog, ReleaseDialog } from "./change-dialogs";

const EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;
const MOST = 200;

type Open = { kind: "place" } | { kind: "release" | "confirm" | "extend"; hold: Hold } | null;

/** What is kept whatever the policies say: by whom, why, until when; and who wants it released. */
export default function HoldsRoom() {
  const [withEnded, setWithEnded] = useState(false);
  const [open, setOpen] = useState<Open>(null);
  const query = withEnded ? { ended: "true" as const, limit: MOST } : { limit: MOST };
  const holds = useRemote(
    (signal) => listHolds(query, signal),
    `holds ${withEnded}`,
    ["storage", "camera"],
    EVERY_MS,
  );
  const cameras = useRemote(listCameras, "cameras", ["camera"]);
  const error = holds.error ?? cameras.error;
  const shut = (isChanged: boolean) => {
    setOpen(null);
    if (isChanged) holds.refresh();
  };
  return (
    <>
      <div class="bar">
        <h1>Holds</h1>
        <Tick label="Ended ones, too" isTicked={withEnded} onChange={setWithEnded} />
        <button type="button" class="first" onClick={() => setOpen({ kind: "place" })}>
          <Icon name="plus" /> Hold footage
        </button>
      </div>
      <Fault error={error} />
      {!error && !(holds.value && cameras.value) && <Loading what="holds" />}
      {holds.value && cameras.value && (
        <List
          holds={holds.value.items}
          isCut={holds.value.next !== null}
          cameras={cameras.value}
          onOpen={setOpen}
          refresh={holds.refresh}
        />
      )}
      {open?.kind === "place" && (
        <HoldDialog
          target={{ kind: "span", camera: null, from: Date.now() - HOUR_MS, to: Date.now() }}
          cameras={cameras.value ?? []}
          onClose={shut}
        />
      )}
      {open?.kind === "release" && <ReleaseDialog hold={open.hold} onClose={shut} />}
      {open?.kind === "confirm" && <ConfirmDialog hold={open.hold} onClose={shut} />}
      {open?.kind === "extend" && <ExtendDialog hold={open.hold} onClose={shut} />}
    </>
  );
}

interface ListProps {
  holds: readonly Hold[];
  isCut: boolean;
  cameras: readonly Camera[];
  onOpen: (open: Open) => void;
  refresh: () => void;
}

const COLUMNS = ["Held", "Cameras", "Why", { text: "Kept", isNumber: true }, "State", "Change"] as const;

function List({ holds, isCut, cameras, onOpen, refresh }: ListProps) {
  const { isBusy, error, run } = useSubmit();
  if (holds.length === 0) {
    return (
      <Empty title="Nothing is held">
        <p class="quiet">
          Footage that is held stays, whatever retention, want of space or erasure say. Hold it here, from a
          span in Play, or from an incident in Review.
        </p>
      </Empty>
    );
  }
  const withdraw = async (hold: Hold) => {
    await run(() => withdrawRelease(hold.id));
    refresh();
  };
  return (
    <>
      <Fault error={error} />
      <Table caption="Holds" columns={COLUMNS}>
        {holds.map((hold) => (
          <tr key={hold.id} data-hold={hold.id} data-state={hold.state}>
            <td>
              <a href={playAddress(hold, cameras)}>
                <Time at={hold.from} />
              </a>
              <div class="quiet">
                to&nbsp;
                <Time at={hold.to} />
              </div>
            </td>
            <td>{camerasName(hold, cameras)}</td>
            <td class="why-held">
              {hold.reason}
              <Because hold={hold} />
            </td>
            <td class="number">
              <Kept hold={hold} />
            </td>
            <td>
              <State hold={hold} />
            </td>
            <td>
              <div class="actions">
                <Actions hold={hold} isBusy={isBusy} onOpen={onOpen} onWithdraw={() => withdraw(hold)} />
              </div>
            </td>
          </tr>
        ))}
      </Table>
      {isCut && <p class="quiet">Only the newest {MOST} are shown.</p>}
    </>
  );
}

/** By whom, and for which incident or case. */
function Because({ hold }: { hold: Hold }) {
  return (
    <div class="quiet">
      {hold.case && `Case ${hold.case}. `}
      {hold.incident && (
        <>
          <a href={`/review?incident=${hold.incident}`}>Incident</a>.{" "}
        </>
      )}
      By {hold.owner}, <Time at={hold.created_at} />
    </div>
  );
}

/** What it keeps, asked for by itself: a long hold takes a while to add up. */
function Kept({ hold }: { hold: Hold }) {
  const { value, error } = useRemote((signal) => getHold(hold.id, signal), `hold ${hold.id}`, []);
  if (!value?.kept) return <span class="quiet">{error ? "not known now" : "…"}</span>;
  const { kept } = value;
  return (
    <>
      {bytes(kept.bytes)}
      <div class="quiet">{counted(kept.segments, "segment")}</div>
    </>
  );
}

const TONES: Record<Hold["state"], Tone> = {
  standing: "good",
  release_asked: "busy",
  released: "off",
  expired: "off",
};

function State({ hold }: { hold: Hold }) {
  const zone = useZone();
  const wish = hold.release;
  return (
    <>
      <StateDot tone={TONES[hold.state]} word={stateName(hold.state)} />
      <div class="quiet">{endSays(hold, zone)}</div>
      {wish && hold.state === "release_asked" && (
        <div>
          {wish.asked_by}: “{wish.reason}”
          {wish.ends_at && (
            <>
              , to end <Time at={wish.ends_at} />
            </>
          )}
        </div>
      )}
      {wish && hold.released_by && (
        <div class="quiet">
          {wish.asked_by} asked, {hold.released_by} confirmed
        </div>
      )}
    </>
  );
}

interface ActionsProps {
  hold: Hold;
  isBusy: boolean;
  onOpen: (open: Open) => void;
  onWithdraw: () => void;
}

function Actions({ hold, isBusy, onOpen, onWithdraw }: ActionsProps) {
  const may = (action: Hold["actions"][number]) => hold.actions.includes(action);
  const of = `the hold “${hold.reason}”`;
  return (
    <>
      {may("confirm_release") && (
        <button
          type="button"
          class="danger"
          aria-label={`Confirm the release of ${of}`}
          onClick={() => onOpen({ kind: "confirm", hold })}
        >
          Confirm release
        </button>
      )}
      {may("withdraw_release") && (
        <button type="button" disabled={isBusy} aria-label={`Keep holding: ${of}`} onClick={onWithdraw}>
          Keep holding
        </button>
      )}
      {may("extend") && (
        <button type="button" aria-label={`Extend ${of}`} onClick={() => onOpen({ kind: "extend", hold })}>
          Extend
        </button>
      )}
      {may("ask_release") && (
        <button
          type="button"
          aria-label={`Ask for the release of ${of}`}
          onClick={() => onOpen({ kind: "release", hold })}
        >
          Release
        </button>
      )}
    </>
  );
}

/** Play, at the start of the hold, of its first camera. */
function playAddress(hold: Hold, cameras: readonly Camera[]): string {
  const camera = hold.cameras?.[0] ?? cameras[0]?.id ?? "";
  return `/play/${camera}?t=${encodeURIComponent(hold.from)}`;
}
