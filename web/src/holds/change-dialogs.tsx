import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { askRelease, confirmRelease, extendHold } from "../api/hold-endpoints";
import type { Hold } from "../api/hold-types";
import { Dialog } from "../parts/dialog";
import { Field, Tick } from "../parts/field";
import { Fault } from "../parts/notice";
import { Time } from "../parts/time";
import { useSubmit } from "../parts/use-submit";
import { fromLocal, instant, iso, toLocal } from "../time/format";
import { useZone } from "../time/zone";

interface ChangeProps {
  hold: Hold;
  onClose: (isChanged: boolean) => void;
}

const localOf = (text: string, zone: string) => {
  const ms = fromLocal(text, zone);
  return ms === null ? null : iso(ms);
};

/** Asks for a release; nothing goes before another person confirms. */
export function ReleaseDialog({ hold, onClose }: ChangeProps) {
  const zone = useZone();
  const [reason, setReason] = useState("");
  const [endsAt, setEndsAt] = useState("");
  const release = () => askRelease(hold.id, reason, endsAt === "" ? null : localOf(endsAt, zone));
  return (
    <Change title="Ask for the release" word="Ask for it" act={release} onClose={onClose}>
      <p>The hold stands until another person confirms. Then retention goes on with its footage.</p>
      <Field label="Why" required maxLength={500} value={reason} onInput={setReason} />
      <Field
        label="Let it end"
        type="datetime-local"
        step={60}
        value={endsAt}
        onInput={setEndsAt}
        hint="Left empty, it ends as soon as it is confirmed."
      />
    </Change>
  );
}

/** The second person confirms what the first asked for. */
export function ConfirmDialog({ hold, onClose }: ChangeProps) {
  const wish = hold.release;
  return (
    <Change
      title="Confirm the release?"
      word="Release it"
      isGrave
      act={() => confirmRelease(hold.id)}
      onClose={onClose}
    >
      <p>
        {wish?.asked_by} asked for it, <Time at={wish?.asked_at ?? null} />: “{wish?.reason}”.
      </p>
      <p>
        {wish?.ends_at ? (
          <>
            The hold will end <Time at={wish.ends_at} />.
          </>
        ) : (
          "The hold ends at once, and what is older than its retention is deleted within a minute."
        )}
      </p>
    </Change>
  );
}

/** A later end, or none. */
export function ExtendDialog({ hold, onClose }: ChangeProps) {
  const zone = useZone();
  const ends = instant(hold.expires_at);
  const [until, setUntil] = useState(ends === null ? "" : toLocal(ends, zone));
  const [isEndless, setEndless] = useState(ends === null);
  return (
    <Change
      title="Extend the hold"
      word="Extend"
      act={() => extendHold(hold.id, isEndless ? null : localOf(until, zone))}
      onClose={onClose}
    >
      <Tick label="Until two people release it" isTicked={isEndless} onChange={setEndless} />
      {!isEndless && (
        <Field label="Until" type="datetime-local" step={60} required value={until} onInput={setUntil} />
      )}
      {hold.release && <p>The release that {hold.release.asked_by} asked for is taken back by this.</p>}
    </Change>
  );
}

interface FrameProps {
  title: string;
  word: string;
  isGrave?: boolean;
  act: () => Promise<unknown>;
  onClose: (isChanged: boolean) => void;
  children: ComponentChildren;
}

function Change({ title, word, isGrave = false, act, onClose, children }: FrameProps) {
  const { isBusy, error, run } = useSubmit();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (await run(act)) onClose(true);
  };
  return (
    <Dialog title={title} onClose={() => onClose(false)}>
      <form onSubmit={submit}>
        {children}
        <Fault error={error} />
        <footer>
          <button type="button" onClick={() => onClose(false)}>
            Cancel
          </button>
          <button type="submit" class={`first ${isGrave ? "danger" : ""}`} disabled={isBusy}>
            {word}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
