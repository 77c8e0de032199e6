import { useState } from "preact/hooks";
import { addRule, changeRule } from "../api/event-endpoints";
import type { Direction, EventKind, Rule, RuleText, Severity } from "../api/event-types";
import { messageOf } from "../api/problem";
import type { Camera } from "../api/types";
import { Choice, Field, Tick } from "../parts/field";
import { groupsOf, KINDS } from "../parts/happening";
import { Fault } from "../parts/notice";
import { SEVERITIES, severityName } from "../parts/severity";
import { useSubmit } from "../parts/use-submit";
import { titled } from "../parts/words";
import { Drawing } from "./drawing";
import { aspectOf, LivePicture } from "./live-picture";
import { PointFields } from "./point-fields";
import { leastPoints } from "./points";
import { draftOf, fieldOf, NEW_RULE, type RuleField, withKind } from "./rule-draft";

interface RuleFormProps {
  camera: Camera;
  /** null for a new one. */
  rule: Rule | null;
  /** What the running model finds; empty while that is not known. */
  types: readonly string[];
  onDone: () => void;
}

export const KIND_SAYS: Record<EventKind, string> = {
  object: "Anything of these moves, wherever it is",
  zone_visit: "One of these is in a zone",
  line_cross: "One of these crosses a line",
};

const DIRECTIONS: readonly (readonly [Direction, string])[] = [
  ["any", "either way"],
  ["left_to_right", "from left to right"],
  ["right_to_left", "from right to left"],
];

/** Adds or changes a rule; its zone or line is drawn on the picture of now. */
export function RuleForm({ camera, rule, types, onDone }: RuleFormProps) {
  const [text, setText] = useState<RuleText>(() => (rule ? draftOf(rule) : NEW_RULE));
  const [aspect, setAspect] = useState(() => aspectOf(camera));
  const save = useSubmit();
  const set = (part: Partial<RuleText>) => setText((now) => ({ ...now, ...part }));
  const place = save.error ? fieldOf(save.error) : null;
  const faultAt = (field: RuleField) => (place === field ? messageOf(save.error) : "");
  const submit = async (event: Event) => {
    event.preventDefault();
    const body = { ...text, name: text.name.trim() };
    if (await save.run(() => (rule ? changeRule(camera.id, rule.id, body) : addRule(camera.id, body))))
      onDone();
  };
  const isDrawn = text.kind !== "object";
  return (
    <form class="rule-form" onSubmit={submit}>
      <div class="picture">
        <LivePicture camera={camera} aspect={aspect} onAspect={setAspect}>
          {isDrawn && (
            <Drawing
              kind={text.kind}
              points={text.points}
              direction={text.direction}
              aspect={aspect}
              onChange={(points) => set({ points })}
            />
          )}
        </LivePicture>
        {isDrawn && <DrawingHelp text={text} />}
        <FieldFault sentence={faultAt("points")} />
        {isDrawn && (
          <>
            <div class="actions">
              <button type="button" disabled={text.points.length === 0} onClick={() => set({ points: [] })}>
                Draw anew
              </button>
              {text.kind === "line_cross" && (
                <button
                  type="button"
                  disabled={text.points.length < 2}
                  onClick={() => set({ points: text.points.toReversed() })}
                >
                  Swap left and right
                </button>
              )}
            </div>
            <PointFields kind={text.kind} points={text.points} onChange={(points) => set({ points })} />
          </>
        )}
      </div>
      <div class="card">
        <Field
          label="Name"
          value={text.name}
          onInput={(name) => set({ name })}
          required
          maxLength={64}
          placeholder="Through the gate"
          aria-invalid={place === "name"}
        />
        <FieldFault sentence={faultAt("name")} />
        <Choice
          label="Tell when"
          value={text.kind}
          options={KINDS.map((kind) => [kind, KIND_SAYS[kind]] as const)}
          onChange={(kind) => setText((now) => withKind(now, kind as EventKind))}
        />
        {text.kind === "line_cross" && (
          <Choice
            label="Which way"
            value={text.direction}
            options={DIRECTIONS}
            onChange={(direction) => set({ direction: direction as Direction })}
          />
        )}
        <Objects
          chosen={text.objects}
          types={types}
          lacking={rule?.lacking ?? []}
          onChange={(objects) => set({ objects })}
        />
        <FieldFault sentence={faultAt("objects")} />
        <Choice
          label="Severity"
          value={String(text.severity)}
          options={SEVERITIES.map((severity) => [String(severity), severityName(severity)] as const)}
          onChange={(severity) => set({ severity: Number(severity) as Severity })}
        />
        {isDrawn && (
          <Choice
            label="Where a thing is"
            value={text.anchor}
            options={[
              ["foot", "where it stands"],
              ["centre", "its middle (camera looks down)"],
            ]}
            onChange={(anchor) => set({ anchor: anchor === "centre" ? "centre" : "foot" })}
          />
        )}
        <Tick
          label="The rule is on"
          isTicked={text.is_enabled}
          onChange={(is_enabled) => set({ is_enabled })}
        />
        {place === "" && <Fault error={save.error} />}
        <div class="actions">
          <button
            type="submit"
            class="first"
            disabled={save.isBusy || text.points.length < leastPoints(text.kind)}
          >
            {rule ? "Save" : "Add the rule"}
          </button>
          <a class="button" href={`/cameras/${camera.id}/rules`}>
            Cancel
          </a>
        </div>
        {rule && (
          <p class="quiet">
            Saving makes version {rule.version + 1}. Events told so far keep the text they were told by.
          </p>
        )}
      </div>
    </form>
  );
}

function FieldFault({ sentence }: { sentence: string }) {
  return sentence ? (
    <p class="bad-text" role="alert">
      {sentence}
    </p>
  ) : null;
}

function DrawingHelp({ text }: { text: RuleText }) {
  const { kind, points } = text;
  const missing = leastPoints(kind) - points.length;
  const word = kind === "zone_visit" ? "corner" : "point";
  return (
    <p class="quiet" role="status">
      {missing > 0
        ? `Click on the picture: ${missing} more ${missing === 1 ? word : `${word}s`} to go.`
        : `Click for another ${word}, drag one to move it. By keyboard: arrow keys move, Enter adds, Delete removes.`}
      {kind === "line_cross" && missing <= 0 && " Left and right are those of someone who walks from 1 on."}
    </p>
  );
}

interface ObjectsProps {
  chosen: readonly string[];
  types: readonly string[];
  lacking: readonly string[];
  onChange: (objects: string[]) => void;
}

function Objects({ chosen, types, lacking, onChange }: ObjectsProps) {
  const groups = groupsOf(types);
  const names = [...new Set([...groups, ...types, ...chosen])];
  return (
    <fieldset>
      <legend>Objects</legend>
      <div class="ticks">
        {names.map((name) => (
          <Tick
            key={name}
            label={
              <>
                {titled(name)}
                {groups.includes(name) && !types.includes(name) && <span class="quiet"> (any)</span>}
                {lacking.includes(name) && <span class="bad-text"> (this model cannot)</span>}
              </>
            }
            isTicked={chosen.includes(name)}
            onChange={(isTicked) =>
              onChange(isTicked ? [...chosen, name] : chosen.filter((other) => other !== name))
            }
          />
        ))}
      </div>
    </fieldset>
  );
}
