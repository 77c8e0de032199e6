import { useState } from "preact/hooks";
import { changeCamera, listCameras } from "../api/endpoints";
import { askWhatIf, getForecast, listDeletions, listRules } from "../api/retention-endpoints";
import type { CameraRules, Forecast, WhatIf } from "../api/retention-types";
import { useRemote } from "../api/use-remote";
import { reachedSays, stepSays } from "../parts/forecast";
import { ForecastCard } from "../parts/forecast-card";
import { Fault, Hint, Loading } from "../parts/notice";
import { bytes } from "../parts/quantities";
import { Table } from "../parts/table";
import { useSubmit } from "../parts/use-submit";
import { useZone } from "../time/zone";
import { Deletions } from "./deletions";
import { WhatIfAnswer } from "./what-if";
import { changesOf, classSays, daysSay, originSays, ruleOf } from "./words";

const EVERY_MS = 60_000;
const DAYS = 7;

/** How long footage is kept and why, what goes next, and what other days would do. */
export default function RetentionRoom() {
  const rules = useRemote(listRules, "rules", ["camera"]);
  const forecast = useRemote(getForecast, "forecast", ["camera"], EVERY_MS);
  const deletions = useRemote((signal) => listDeletions(DAYS, signal), "deletions", ["camera"], EVERY_MS);
  const cameras = useRemote(listCameras, "cameras", ["camera"]);
  if (!rules.value || !forecast.value) {
    const error = rules.error ?? forecast.error;
    return error ? <Fault error={error} /> : <Loading what="retention" />;
  }
  const mayChange = (camera: string) =>
    cameras.value?.find(({ id }) => id === camera)?.actions.includes("configure") ?? false;
  // Removed cameras have no rules of their own any more, but their footage is still there.
  const nameOf = (camera: string) =>
    forecast.value?.cameras.find((each) => each.camera === camera)?.name ?? camera;
  const refresh = () => {
    for (const each of [rules, forecast, deletions]) each.refresh();
  };
  return (
    <>
      <div class="bar">
        <h1>Retention</h1>
        <p class="quiet">Ages count from the end of the footage.</p>
      </div>
      <Fault error={rules.error ?? forecast.error ?? deletions.error} />
      <Rules
        rules={rules.value}
        forecast={forecast.value}
        mayChange={mayChange}
        nameOf={nameOf}
        onSaved={refresh}
      />
      <ForecastCard forecast={forecast.value} />
      <h2>Goes in the next {DAYS} days</h2>
      {deletions.value ? <Deletions going={deletions.value} nameOf={nameOf} /> : <Loading what="deletions" />}
    </>
  );
}

interface RulesProps {
  rules: CameraRules[];
  forecast: Forecast;
  mayChange: (camera: string) => boolean;
  nameOf: (camera: string) => string;
  onSaved: () => void;
}

/** The days of each camera, to be tried out: nothing is saved before it was seen what that does. */
function Rules({ rules, forecast, mayChange, nameOf, onSaved }: RulesProps) {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [answer, setAnswer] = useState<{ asked: string; found: WhatIf } | null>(null);
  const { isBusy, error, run } = useSubmit();
  const changes = changesOf(rules, typed);
  const asked = JSON.stringify(changes);
  const isChanged = changes !== null && Object.keys(changes).length > 0;
  const shown = answer?.asked === asked ? answer.found : null;
  const ask = (event: Event) => {
    event.preventDefault();
    if (changes) run(async () => setAnswer({ asked, found: await askWhatIf(changes) }));
  };
  const save = () =>
    run(async () => {
      for (const [camera, days] of Object.entries(changes ?? {}))
        await changeCamera(camera, { retention_days: days });
      setTyped({});
      setAnswer(null);
      onSaved();
    });
  if (rules.length === 0) return <p class="quiet">There is no camera yet.</p>;
  return (
    <form class="keeping" onSubmit={ask}>
      <RulesTable
        rules={rules}
        forecast={forecast}
        typed={typed}
        mayChange={mayChange}
        onType={(camera, text) => setTyped({ ...typed, [camera]: text })}
      />
      <div class="bar">
        <button type="submit" disabled={isBusy || !isChanged}>
          What would that do?
        </button>
        {Object.keys(typed).length > 0 && (
          <button type="button" class="plain" onClick={() => setTyped({})}>
            As it was
          </button>
        )}
        {changes === null && <p class="bad-text">Days are whole numbers from 1 to 3650.</p>}
      </div>
      <Fault error={error} />
      {forecast.unknown.length > 0 && (
        <Hint>
          <strong>Not enough data of {forecast.unknown.map(nameOf).join(", ")}.</strong> What they will bring
          is in no line of the forecast; three days of footage are needed.
        </Hint>
      )}
      {shown && <WhatIfAnswer found={shown} nameOf={nameOf} isBusy={isBusy} onSave={save} />}
    </form>
  );
}

const COLUMNS = [
  "Camera",
  "Raw footage, days",
  "Who says so",
  "Event clips",
  "Archived events",
  "Reached?",
  "Brings a day",
] as const;

interface TableProps {
  rules: CameraRules[];
  forecast: Forecast;
  typed: Readonly<Record<string, string>>;
  mayChange: (camera: string) => boolean;
  onType: (camera: string, text: string) => void;
}

function RulesTable({ rules, forecast, typed, mayChange, onType }: TableProps) {
  const zone = useZone();
  return (
    <Table caption="How long each camera's footage is kept" columns={COLUMNS}>
      {rules.map((camera) => {
        const raw = ruleOf(camera, "raw_footage");
        const foretold = forecast.cameras.find((each) => each.camera === camera.camera);
        const step = foretold ? stepSays(foretold, zone) : "";
        return (
          <tr key={camera.camera} data-camera={camera.camera}>
            <th scope="row">
              <a href={`/play/${camera.camera}`}>{camera.name}</a>
            </th>
            <td>
              {mayChange(camera.camera) ? (
                <input
                  type="number"
                  min={1}
                  max={3650}
                  aria-label={`Days of raw footage of ${camera.name}`}
                  value={typed[camera.camera] ?? String(raw?.keep_days ?? "")}
                  onInput={(event) => onType(camera.camera, event.currentTarget.value)}
                />
              ) : (
                daysSay(raw?.keep_days ?? 0)
              )}
            </td>
            <td>{raw && originSays(raw.origin)}</td>
            {["event_clip", "archived_event"].map((dataClass) => {
              const rule = ruleOf(camera, dataClass);
              return (
                <td key={dataClass} title={rule && `${classSays(dataClass)}: ${originSays(rule.origin)}`}>
                  {rule ? daysSay(rule.keep_days) : "–"}
                </td>
              );
            })}
            <td class={foretold?.days != null && foretold.reached_at === null ? "bad-text" : ""}>
              {foretold ? reachedSays(foretold, forecast.at, zone) : <span class="quiet">not known</span>}
            </td>
            <td>
              {foretold?.bytes_per_day == null ? "–" : bytes(foretold.bytes_per_day)}
              {step && <small class="quiet"> {step}</small>}
            </td>
          </tr>
        );
      })}
    </Table>
  );
}
