import { useState } from "preact/hooks";
import { type Erasure, orderErasure, readErasure } from "../api/erasure-endpoints";
import type { Camera } from "../api/types";
import { useRemote } from "../api/use-remote";
import { Dialog } from "../parts/dialog";
import { Field } from "../parts/field";
import { Fault } from "../parts/notice";
import { useSubmit } from "../parts/use-submit";
import { fromLocal, iso, length, toLocal } from "../time/format";
import { useZone } from "../time/zone";

const AROUND_MS = 30_000;
const WORD = "erase";
const EVERY_MS = 2000;

/** Erases a stretch for good, once the word is typed; then tells how it goes. */
export function EraseDialog({ camera, at, onClose }: { camera: Camera; at: number; onClose: () => void }) {
  const [ordered, setOrdered] = useState<Erasure | null>(null);
  return (
    <Dialog title={`Erase from ${camera.name}`} onClose={onClose}>
      {ordered ? (
        <Outcome ordered={ordered} onClose={onClose} />
      ) : (
        <Order camera={camera} at={at} onOrdered={setOrdered} onClose={onClose} />
      )}
    </Dialog>
  );
}

interface OrderProps {
  camera: Camera;
  at: number;
  onOrdered: (erasure: Erasure) => void;
  onClose: () => void;
}

function Order({ camera, at, onOrdered, onClose }: OrderProps) {
  const zone = useZone();
  const [from, setFrom] = useState(() => toLocal(at - AROUND_MS, zone));
  const [to, setTo] = useState(() => toLocal(Math.min(at + AROUND_MS, Date.now()), zone));
  const [reason, setReason] = useState("");
  const [word, setWord] = useState("");
  const { isBusy, error, run } = useSubmit();
  const fromMs = fromLocal(from, zone);
  const toMs = fromLocal(to, zone);
  const isRight = fromMs !== null && toMs !== null && toMs > fromMs;
  const submit = (event: Event) => {
    event.preventDefault();
    if (isRight) run(async () => onOrdered(await orderErasure(camera.id, iso(fromMs), iso(toMs), reason)));
  };
  return (
    <form onSubmit={submit}>
      <p>
        Footage of both streams, events, pictures and tracks of this stretch go <strong>for good</strong>. No
        backup brings them back.
      </p>
      <div class="pair">
        <Field label="From" type="datetime-local" step={1} required value={from} onInput={setFrom} />
        <Field label="To" type="datetime-local" step={1} required value={to} onInput={setTo} />
      </div>
      <p class="quiet">
        {isRight
          ? `${length((toMs - fromMs) / 1000)} in the site's time (${zone}), and up to the key picture after it.`
          : "The end must come after the start."}
      </p>
      <Field
        label="Why"
        required
        maxLength={500}
        value={reason}
        onInput={setReason}
        hint="Stands in the receipt and in the audit."
      />
      <Field
        label={`Type “${WORD}” to go on`}
        required
        autocapitalize="none"
        autocomplete="off"
        value={word}
        onInput={setWord}
      />
      <Fault error={error} />
      <footer>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="submit"
          class="danger"
          disabled={isBusy || !isRight || word.trim() !== WORD || reason.trim() === ""}
        >
          Erase for good
        </button>
      </footer>
    </form>
  );
}

function Outcome({ ordered, onClose }: { ordered: Erasure; onClose: () => void }) {
  const { value, error } = useRemote(
    (signal) => readErasure(ordered.id, signal),
    ordered.id,
    ["job"],
    EVERY_MS,
  );
  const erasure = value ?? ordered;
  const href = erasure.receipt && `data:application/json,${encodeURIComponent(erasure.receipt)}`;
  return (
    <>
      <Fault error={error} />
      {erasure.state === "ordered" && (
        <p role="status">
          It is being erased. You may leave; it goes on by itself, and Jobs shows how far it is.
        </p>
      )}
      {erasure.state === "refused" && (
        <p class="bad-text" role="alert">
          Nothing was erased. {erasure.told}
        </p>
      )}
      {erasure.state === "done" && <p role="status">Erased. {erasure.told}</p>}
      <footer>
        {href && (
          <a class="button" href={href} download={`erasure-${erasure.id}.json`}>
            Save the receipt
          </a>
        )}
        <button type="button" class="first" onClick={onClose}>
          Close
        </button>
      </footer>
    </>
  );
}
