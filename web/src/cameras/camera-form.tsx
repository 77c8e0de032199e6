import { useState } from "preact/hooks";
import { addCamera, changeCamera, testCamera } from "../api/endpoints";
import type { Camera, Probe, StreamDraft, StreamRole } from "../api/types";
import { Field, Tick } from "../parts/field";
import { Fault, Hint } from "../parts/notice";
import { useSubmit } from "../parts/use-submit";
import { codecName } from "../player/codec";
import { draftOf, isSame, isTested, type Tested } from "./draft";
import { Modes } from "./modes";

const ROLES: readonly [StreamRole, string, string][] = [
  ["main", "Main stream", "What is recorded. rtsp://…, rtsps://…, http(s)://… or file:///…"],
  ["sub", "Sub stream (optional)", "A smaller picture of the same camera, for the grid."],
];

/** Adds or changes a camera. An address can only be saved once its picture has been seen. */
export function CameraForm({ camera, onDone }: { camera: Camera | null; onDone: () => void }) {
  const before = camera?.streams.map(draftOf) ?? [];
  const [name, setName] = useState(camera?.name ?? "");
  const [days, setDays] = useState(String(camera?.retention_days ?? 30));
  const [audio, setAudio] = useState(camera?.audio ?? false);
  const [streams, setStreams] = useState<StreamDraft[]>(() =>
    ROLES.map(([role]) => before.find((s) => s.role === role) ?? blank(role)),
  );
  const [tested, setTested] = useState<Tested[]>([]);
  const test = useSubmit();
  const save = useSubmit();
  const wanted = streams.filter(({ url }) => url.trim() !== "");
  const untested = wanted.filter(
    (draft) => !before.some((old) => isSame(old, draft)) && !isTested(tested, draft),
  );
  const canSave =
    wanted.some(({ role }) => role === "main") && untested.length === 0 && name.trim() !== "" && !save.isBusy;

  const change = (role: StreamRole, part: Partial<StreamDraft>) =>
    setStreams((all) => all.map((draft) => (draft.role === role ? { ...draft, ...part } : draft)));
  const runTest = () =>
    test.run(async () => {
      for (const draft of untested.length > 0 ? untested : wanted) {
        const probe = await testCamera({
          url: draft.url.trim(),
          user: draft.user,
          password: draft.password,
          ...(camera && { camera: camera.id }),
        });
        setTested((all) => [...all.filter(({ draft: old }) => old.role !== draft.role), { draft, probe }]);
      }
    });
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!canSave) return;
    const body = { name: name.trim(), retention_days: Number(days), audio, streams: wanted };
    if (await save.run(() => (camera ? changeCamera(camera.id, body) : addCamera(body)))) onDone();
  };
  return (
    <form class="narrow" onSubmit={submit}>
      <div class="bar">
        <h1>{camera ? `Edit ${camera.name}` : "Add a camera"}</h1>
      </div>
      <div class="pair">
        <Field label="Name" value={name} onInput={setName} required maxLength={80} placeholder="Front door" />
        <Field
          label="Keep footage for (days)"
          type="number"
          min={1}
          max={3650}
          value={days}
          onInput={setDays}
          required
        />
      </div>
      <div class="field">
        <Tick label="Record sound, too" isTicked={audio} onChange={setAudio} />
        <small class="quiet">
          Off at first, because the law in many countries protects what people say more strictly than what
          they do: switch it on only where all who may be heard have been told, and may be.
        </small>
      </div>
      {ROLES.map(([role, title, hint]) => (
        <StreamFields
          key={role}
          title={title}
          hint={hint}
          draft={streams.find((draft) => draft.role === role) ?? blank(role)}
          hasPassword={camera?.streams.find((s) => s.role === role)?.has_password ?? false}
          probe={
            tested.find(({ draft }) => streams.some((now) => now.role === role && isSame(now, draft)))?.probe
          }
          onChange={(part) => change(role, part)}
        />
      ))}
      <Fault error={test.error ?? save.error} />
      <p class="quiet" role="status">
        {test.isBusy
          ? "Asking the camera for a picture …"
          : untested.length > 0
            ? "Test the address first: saving waits for its picture."
            : ""}
      </p>
      <div class="actions">
        <button
          type="button"
          class={untested.length > 0 ? "first" : ""}
          disabled={wanted.length === 0 || test.isBusy}
          onClick={runTest}
        >
          Test
        </button>
        <button type="submit" class={untested.length > 0 ? "" : "first"} disabled={!canSave}>
          {camera ? "Save" : "Add the camera"}
        </button>
        <a class="button" href="/cameras">
          Cancel
        </a>
      </div>
    </form>
  );
}

const blank = (role: StreamRole): StreamDraft => ({
  role,
  url: "",
  user: "",
  password: "",
  mode: role === "main" ? "continuous" : "off",
  schedule: [],
});

interface StreamFieldsProps {
  title: string;
  hint: string;
  draft: StreamDraft;
  hasPassword: boolean;
  probe: Probe | undefined;
  onChange: (part: Partial<StreamDraft>) => void;
}

function StreamFields({ title, hint, draft, hasPassword, probe, onChange }: StreamFieldsProps) {
  const isFile = draft.url.startsWith("file:");
  return (
    <fieldset class="card">
      <legend>{title}</legend>
      <Field
        label="Address"
        type="text"
        inputMode="url"
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        value={draft.url}
        onInput={(url) => onChange({ url })}
        required={draft.role === "main"}
        hint={hint}
      />
      {!isFile && (
        <div class="pair">
          <Field
            label="User"
            autocomplete="off"
            autocapitalize="none"
            value={draft.user}
            onInput={(user) => onChange({ user })}
          />
          <Field
            label="Password"
            type="password"
            autocomplete="new-password"
            value={draft.password ?? ""}
            placeholder={hasPassword && draft.password === null ? "unchanged" : ""}
            onInput={(password) => onChange({ password })}
          />
        </div>
      )}
      <Modes
        mode={draft.mode ?? "continuous"}
        schedule={draft.schedule ?? []}
        onChange={(mode, schedule) => onChange({ mode, schedule })}
      />
      {probe && (
        <figure class="probe">
          <img src={probe.picture} alt={`What the ${draft.role} stream shows`} />
          <figcaption>
            {probe.width_px} × {probe.height_px}, {codecName(probe.codec)},{" "}
            {probe.frames_per_second.toFixed(0)} pictures/s
          </figcaption>
          {probe.is_clear_text && (
            <Hint icon="unlocked">
              This is a clear-text leg: the pictures cross the network unencrypted. Use <code>rtsps://</code>{" "}
              where the camera offers it.
            </Hint>
          )}
        </figure>
      )}
    </fieldset>
  );
}
