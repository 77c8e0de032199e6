import { useLocation } from "preact-iso";
import { getDetector } from "../api/event-endpoints";
import type { Incident } from "../api/event-types";
import { useMay } from "../api/session-context";
import type { Camera } from "../api/types";
import { useRemote } from "../api/use-remote";
import { Choice, Field } from "../parts/field";
import { KINDS, kindName } from "../parts/happening";
import { SEVERITIES, severityName } from "../parts/severity";
import { titled } from "../parts/words";
import { addressOf, isFiltered, MARKS, type Query, SPANS } from "./filter";

interface FiltersProps {
  query: Query;
  cameras: readonly Camera[];
  /** What is on show: a type that was found can be filtered by even when the model of today lacks it. */
  items: readonly Incident[];
}

const ANY: readonly [string, string] = ["", "any"];

export function Filters({ query, cameras, items }: FiltersProps) {
  const { route } = useLocation();
  const objects = useObjects(query, items);
  const go = (part: Query) => route(addressOf(query, part), true);
  const isCustom = query.span === undefined && (query.from !== undefined || query.to !== undefined);
  const chooseSpan = (span: string) =>
    go(span === "custom" ? { span: "", from: query.from ?? today() } : { span, from: "", to: "" });
  return (
    <form class="filters sift" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <Choice
        label="Camera"
        value={query.camera ?? ""}
        options={[ANY, ...cameras.map(({ id, name }) => [id, name] as const)]}
        onChange={(camera) => go({ camera })}
      />
      <Choice
        label="What happened"
        value={query.kind ?? ""}
        options={[ANY, ...KINDS.map((kind) => [kind, kindName(kind)] as const)]}
        onChange={(kind) => go({ kind })}
      />
      <Choice
        label="Object"
        value={query.object ?? ""}
        options={[ANY, ...objects.map((object) => [object, titled(object)] as const)]}
        onChange={(object) => go({ object })}
      />
      <Choice
        label="Severity"
        value={query.severity ?? ""}
        options={[
          ANY,
          ...SEVERITIES.slice(1).map(
            (severity) =>
              [String(severity), `${severityName(severity)}${severity < 3 ? " and above" : ""}`] as const,
          ),
        ]}
        onChange={(severity) => go({ severity })}
      />
      <Choice
        label="Marked"
        value={query.marks ?? ""}
        options={[ANY, ...MARKS.map(([value, text]) => [value, text] as const)]}
        onChange={(marks) => go({ marks })}
      />
      <Choice
        label="When"
        value={isCustom ? "custom" : (query.span ?? "")}
        options={[ANY, ...SPANS.map(([value, text]) => [value, text] as const), ["custom", "from … to …"]]}
        onChange={chooseSpan}
      />
      {isCustom && (
        <>
          <Field
            label="From"
            type="datetime-local"
            value={query.from ?? ""}
            onInput={(from) => go({ from })}
          />
          <Field label="To" type="datetime-local" value={query.to ?? ""} onInput={(to) => go({ to })} />
        </>
      )}
      {isFiltered(query) && (
        <button type="button" class="plain" onClick={() => route("/review", true)}>
          Take all filters back
        </button>
      )}
    </form>
  );
}

const today = () => `${new Date().toISOString().slice(0, 10)}T00:00`;

function useObjects(query: Query, items: readonly Incident[]): string[] {
  const mayAsk = useMay("see_status");
  const { value } = useRemote(
    (signal) => (mayAsk ? getDetector(signal) : Promise.resolve(null)),
    `objects ${mayAsk}`,
    ["settings"],
  );
  const found = items.flatMap(({ objects }) => objects);
  const known = [...(value?.objects ?? ["person", "vehicle", "bicycle"]), ...found];
  return [...new Set(query.object ? [...known, query.object] : known)].sort();
}
