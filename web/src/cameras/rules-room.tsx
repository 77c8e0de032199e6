import { useState } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import { listCameras } from "../api/endpoints";
import { changeRule, getDetector, listRules, removeRule } from "../api/event-endpoints";
import type { Rule } from "../api/event-types";
import { useMay } from "../api/session-context";
import type { Camera } from "../api/types";
import { useRemote } from "../api/use-remote";
import { Dialog } from "../parts/dialog";
import { directionName } from "../parts/happening";
import { Icon } from "../parts/icon";
import { Empty, Fault, Hint, Loading } from "../parts/notice";
import { counted } from "../parts/quantities";
import { SeverityBadge } from "../parts/severity";
import { useSubmit } from "../parts/use-submit";
import { spoken } from "../parts/words";
import { KIND_SAYS, RuleForm } from "./rule-form";

/** What is to be told of one camera. */
export default function RulesRoom() {
  const { params } = useRoute();
  const { route } = useLocation();
  const cameras = useRemote(listCameras, "cameras", ["camera"]);
  const id = params.camera ?? "";
  const rules = useRemote((signal) => listRules(id, signal), `rules ${id}`, ["camera"]);
  const types = useTypes();
  const camera = cameras.value?.find((each) => each.id === id);
  if (cameras.value && !camera) return <NoSuch what="camera" href="/cameras" />;
  if (!camera || !rules.value) {
    return (
      <>
        {cameras.error || rules.error ? (
          <Fault error={cameras.error ?? rules.error} />
        ) : (
          <Loading what="rules" />
        )}
      </>
    );
  }
  const list = `/cameras/${camera.id}/rules`;
  const leave = () => {
    rules.refresh();
    route(list);
  };
  const edited = rules.value.find((rule) => rule.id === params.rule) ?? null;
  if (params.rule && params.rule !== "new" && !edited) return <NoSuch what="rule" href={list} />;
  const mayConfigure = camera.actions.includes("configure");
  const isEditing = params.rule !== undefined && mayConfigure;
  return (
    <>
      <div class="bar">
        <h1>
          {isEditing ? (edited ? `Rule “${edited.name}”` : "A new rule") : "Rules"} of {camera.name}
        </h1>
        {!isEditing && (
          <a class="button" href="/cameras">
            All cameras
          </a>
        )}
        {!isEditing && mayConfigure && (
          <a class="button first" href={`${list}/new`}>
            <Icon name="plus" /> Add a rule
          </a>
        )}
      </div>
      {isEditing ? (
        <RuleForm key={params.rule} camera={camera} rule={edited} types={types} onDone={leave} />
      ) : (
        <RuleList camera={camera} rules={rules.value} error={rules.error} refresh={rules.refresh} />
      )}
    </>
  );
}

function NoSuch({ what, href }: { what: "camera" | "rule"; href: string }) {
  return (
    <Empty title={`There is no such ${what}`}>
      <p>
        <a class="button" href={href}>
          All {what}s
        </a>
      </p>
    </Empty>
  );
}

/** What the running model finds; empty for those who may not ask, and while it is not known. */
function useTypes(): readonly string[] {
  const mayAsk = useMay("see_status");
  const { value } = useRemote(
    async (signal) => (mayAsk ? (await getDetector(signal)).objects : []),
    `types ${mayAsk}`,
    ["settings"],
  );
  return value ?? [];
}

interface RuleListProps {
  camera: Camera;
  rules: readonly Rule[];
  error: unknown;
  refresh: () => void;
}

function RuleList({ camera, rules, error, refresh }: RuleListProps) {
  const mayConfigure = camera.actions.includes("configure");
  const [removed, setRemoved] = useState<Rule | null>(null);
  const act = useSubmit();
  const toggle = async (rule: Rule) => {
    await act.run(() => changeRule(camera.id, rule.id, { is_enabled: !rule.is_enabled }));
    refresh();
  };
  return (
    <>
      <Fault error={error ?? act.error} />
      {rules.length === 0 && (
        <Hint>
          <strong>Nothing is told of this camera.</strong> It is recorded, but without a rule no event comes
          of it. {mayConfigure && "Add a rule to be told of people, vehicles, a zone or a line."}
        </Hint>
      )}
      <ul class="rows">
        {rules.map((rule) => (
          <li key={rule.id} class="card row" data-rule={rule.id}>
            <div class="head">
              <h2>{rule.name}</h2>
              <SeverityBadge severity={rule.severity} />
              {!rule.is_enabled && <span class="badge">off</span>}
              <span class="quiet">version {rule.version}</span>
            </div>
            <p>
              {KIND_SAYS[rule.kind]}
              {rule.kind === "line_cross" && ` ${directionName(rule.direction) || "either way"}`}:{" "}
              {rule.objects.map(spoken).join(", ")}.
              {rule.points.length > 0 && (
                <span class="quiet">
                  {" "}
                  {counted(rule.points.length, rule.kind === "zone_visit" ? "corner" : "point")}.
                </span>
              )}
            </p>
            {rule.lacking.length > 0 && (
              <p class="why">
                The model that runs cannot find {rule.lacking.map(spoken).join(", ")}; of that this rule tells
                nothing.
              </p>
            )}
            {mayConfigure && (
              <div class="actions">
                <a
                  class="button"
                  href={`/cameras/${camera.id}/rules/${rule.id}`}
                  aria-label={`Edit ${rule.name}`}
                >
                  Edit
                </a>
                <button
                  type="button"
                  disabled={act.isBusy}
                  onClick={() => toggle(rule)}
                  aria-label={`Switch ${rule.name} ${rule.is_enabled ? "off" : "on"}`}
                >
                  Switch {rule.is_enabled ? "off" : "on"}
                </button>
                <button
                  type="button"
                  class="danger"
                  onClick={() => setRemoved(rule)}
                  aria-label={`Remove ${rule.name}`}
                >
                  Remove
                </button>
              </div>
            )}
          </li>
        ))}
      </ul>
      {removed && (
        <RemoveRule
          camera={camera}
          rule={removed}
          onClose={() => {
            setRemoved(null);
            refresh();
          }}
        />
      )}
    </>
  );
}

function RemoveRule({ camera, rule, onClose }: { camera: Camera; rule: Rule; onClose: () => void }) {
  const { isBusy, error, run } = useSubmit();
  const remove = async () => {
    if (await run(() => removeRule(camera.id, rule.id))) onClose();
  };
  return (
    <Dialog title={`Remove “${rule.name}”?`} onClose={onClose}>
      <ul class="plain-list">
        <li>It tells nothing more; what it tells right now ends.</li>
        <li>Events that it told so far stay, with its name and version.</li>
      </ul>
      <p class="quiet">To be told nothing for a while only, switch it off instead.</p>
      <Fault error={error} />
      <footer>
        <button type="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" class="danger first" disabled={isBusy} onClick={remove}>
          Remove the rule
        </button>
      </footer>
    </Dialog>
  );
}
