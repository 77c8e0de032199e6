import { useState } from "preact/hooks";
import { placeHold } from "../api/hold-endpoints";
import type { Hold } from "../api/hold-types";
import type { Camera } from "../api/types";
import { fromLocal, iso, toLocal } from "../time/format";
import { useZone } from "../time/zone";
import { Dialog } from "./dialog";
import { Field, Tick } from "./field";
import { endSays } from "./holding";
import { Fault, Hint } from "./notice";
import { bytes, counted } from "./quantities";
import { useSubmit } from "./use-submit";

/** What is to be held, as far as it is known: an incident, or a span and maybe a camera. */
export type HoldTarget =
  | { kind: "incident"; id: string; name: string }
  | { kind: "span"; camera: string | null; from: number; to: number };

interface HoldDialogProps {
  target: HoldTarget;
  /** Of which some may be held by who asks. */
  cameras: readonly Camera[];
  onClose: (isPlaced: boolean) => void;
}

/** Places a hold, and says what it keeps. */
export function HoldDialog({ target, cameras, onClose }: HoldDialogProps) {
  const [placed, setPlaced] = useState<Hold | null>(null);
  const title = target.kind === "incident" ? `Hold ${target.name}` : "Hold footage";
  return (
    <Dialog title={placed ? "It is held" : title} onClose={() => onClose(placed !== null)}>
      {placed ? (
        <Placed hold={placed} onClose={() => onClose(true)} />
      ) : (
        <Wish target={target} cameras={cameras} onPlaced={setPlaced} onClose={() => onClose(false)} />
      )}
    </Dialog>
  );
}

interface WishProps {
  target: HoldTarget;
  cameras: readonly Camera[];
  onPlaced: (hold: Hold) => void;
  onClose: () => void;
}

function Wish({ target, cameras, onPlaced, onClose }: WishProps) {
  const zone = useZone();
  const isSpan = target.kind === "span";
  const [from, setFrom] = useState(isSpan ? toLocal(target.from, zone) : "");
  const [to, setTo] = useState(isSpan ? toLocal(target.to, zone) : "");
  const [chosen, setChosen] = useState<string[] | null>(isSpan && target.camera ? [target.camera] : []);
  const [reason, setReason] = useState("");
  const [caseName, setCaseName] = useState("");
  const [until, setUntil] = useState("");
  const { isBusy, error, run } = useSubmit();
  const submit = (event: Event) => {
    event.preventDefault();
    const what = isSpan
      ? {
          from: instantOf(from, zone),
          to: instantOf(to, zone),
          cameras: chosen ?? [],
          all_cameras: chosen === null,
        }
      : { incident: target.id };
    const expires_at = until === "" ? null : instantOf(until, zone);
    void run(async () => onPlaced(await placeHold({ ...what, reason, case: caseName, expires_at })));
  };
  return (
    <form onSubmit={submit}>
      {isSpan ? (
        <>
          <div class="pair">
            <Field label="From" type="datetime-local" step={1} required value={from} onInput={setFrom} />
            <Field label="To" type="datetime-local" step={1} required value={to} onInput={setTo} />
          </div>
          <CameraTicks cameras={cameras} chosen={chosen} onChange={setChosen} />
        </>
      ) : (
        <p>The incident and half a minute before and after it.</p>
      )}
      <Field label="Why" required maxLength={500} value={reason} onInput={setReason} />
      <div class="pair">
        <Field label="Case" maxLength={100} value={caseName} onInput={setCaseName} hint="Optional." />
        <Field
          label="Until"
          type="datetime-local"
          step={60}
          value={until}
          onInput={setUntil}
          hint="Left empty, it holds until two people release it."
        />
      </div>
      <p class="quiet">
        No retention, no want of space and no erasure takes what is held. To release it earlier takes two
        people.
      </p>
      <Fault error={error} />
      <footer>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" class="first" disabled={isBusy}>
          Hold
        </button>
      </footer>
    </form>
  );
}

interface CameraTicksProps {
  cameras: readonly Camera[];
  /** null: every camera. */
  chosen: string[] | null;
  onChange: (chosen: string[] | null) => void;
}

function CameraTicks({ cameras, chosen, onChange }: CameraTicksProps) {
  const offered = cameras.filter(({ actions }) => actions.includes("hold"));
  const tick = (id: string, isTicked: boolean) =>
    onChange(isTicked ? [...(chosen ?? []), id] : (chosen ?? []).filter((other) => other !== id));
  return (
    <fieldset>
      <legend>Cameras</legend>
      {offered.length === cameras.length && (
        <Tick
          label="Every camera, those added later too"
          isTicked={chosen === null}
          onChange={(isAll) => onChange(isAll ? null : [])}
        />
      )}
      <div class="ticks">
        {offered.map(({ id, name }) => (
          <Tick
            key={id}
            label={name}
            isTicked={chosen === null || chosen.includes(id)}
            disabled={chosen === null}
            onChange={(isTicked) => tick(id, isTicked)}
          />
        ))}
      </div>
    </fieldset>
  );
}

function Placed({ hold, onClose }: { hold: Hold; onClose: () => void }) {
  const zone = useZone();
  const { kept } = hold;
  return (
    <>
      <p role="status">
        {kept && kept.segments > 0
          ? `${bytes(kept.bytes)} in ${counted(kept.segments, "segment")} are kept`
          : "What is recorded there will be kept"}{" "}
        {endSays(hold, zone)}.
      </p>
      {hold.going > 0 && (
        <Hint>
          {counted(hold.going, "segment")} of this span had been given up before you came and cannot be kept.
        </Hint>
      )}
      <footer>
        <a class="button" href="/holds">
          All holds
        </a>
        <button type="button" class="first" autofocus onClick={onClose}>
          Done
        </button>
      </footer>
    </>
  );
}

/** A local time of the site as the server takes it; what is none is left to the server to refuse. */
function instantOf(local: string, zone: string): string {
  const ms = fromLocal(local, zone);
  return ms === null ? local : iso(ms);
}
