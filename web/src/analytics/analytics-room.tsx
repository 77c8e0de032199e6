import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { listCameras } from "../api/endpoints";
import { countEvents, countObjects } from "../api/event-endpoints";
import type { EventCounts, ObjectCounts } from "../api/event-types";
import type { Camera } from "../api/types";
import { useRemote } from "../api/use-remote";
import { Choice, Field } from "../parts/field";
import { Fault, Hint, Loading } from "../parts/notice";
import { SEVERITIES, SeverityBadge } from "../parts/severity";
import { Time } from "../parts/time";
import { useNow } from "../parts/use-now";
import { instant, iso, toLocal } from "../time/format";
import { useZone } from "../time/zone";
import { barSays, Chart, openFrom } from "./chart";
import { addressOf, choiceOf, type Query, type Choice as Shown, SPANS, stepsFor } from "./choice";
import { CountsTable } from "./counts-table";
import { type Row, rowsOf, seriesOfEvents, seriesOfObjects } from "./rows";
import { SeverityShares } from "./shares";
import { endOf, type Frame, stepName, stepSays } from "./steps";

const EVERY_MS = 60_000;

/** How many objects and events there were, over time. */
export default function AnalyticsRoom() {
  const { query } = useLocation();
  const zone = useZone();
  const now = useNow(EVERY_MS);
  const cameras = useRemote(listCameras, "cameras", ["camera"]);
  const choice = choiceOf(query, zone, now);
  const { frame, what } = choice;
  const asked = {
    camera: choice.cameras,
    from: iso(frame.starts[0] ?? now),
    to: iso(frame.end),
    step: frame.step,
  };
  const { value: fresh, error } = useRemote<Answer>(
    async (signal) =>
      what === "objects"
        ? { what, counts: await countObjects(asked, signal) }
        : { what, counts: await countEvents(asked, signal) },
    JSON.stringify([what, asked]),
    [],
    EVERY_MS,
  );
  // The last answer stays while the next is fetched: its steps are still the same instants.
  const kept = useRef<Answer>(undefined);
  if (fresh) kept.current = fresh;
  const value = kept.current?.what === what ? kept.current : undefined;
  return (
    <>
      <div class="bar">
        <h1>Analytics</h1>
        {value && <AsOf counts={value.counts} />}
      </div>
      <Choices query={query} choice={choice} cameras={cameras.value ?? []} now={now} />
      <Fault error={error} />
      {!value && !error && <Loading what="counts" />}
      {value && (
        <Counts key={frame.step} answer={value} choice={choice} cameras={cameras.value ?? []} now={now} />
      )}
    </>
  );
}

type Answer = { what: "objects"; counts: ObjectCounts } | { what: "events"; counts: EventCounts };

function AsOf({ counts }: { counts: Answer["counts"] }) {
  return (
    <p class="quiet" role="status">
      {counts.as_of === null ? (
        "Nothing was counted yet"
      ) : (
        <>
          As of <Time at={counts.as_of} form="clock" />, whole until <Time at={counts.complete_until} />
        </>
      )}
    </p>
  );
}

interface CountsProps {
  answer: Answer;
  choice: Shown;
  cameras: readonly Camera[];
  now: number;
}

function Counts({ answer, choice, cameras, now }: CountsProps) {
  const { frame, by } = choice;
  const [picked, setPicked] = useState<number | null>(null);
  useEffect(() => setPicked(null), [frame.starts[0], frame.starts.length]);
  const nameOf = (id: string) => cameras.find((camera) => camera.id === id)?.name ?? id;
  const series = answer.what === "objects" ? seriesOfObjects(answer.counts) : seriesOfEvents(answer.counts);
  const rows = rowsOf(series, by, frame, nameOf);
  const completeUntil = instant(answer.counts.complete_until) ?? 0;
  if (rows.length === 0) return <NothingCounted what={answer.what} />;
  const title = `${answer.what === "objects" ? "Objects" : "Events"} in steps of ${stepName(frame.step)}`;
  const isOpen = openFrom(frame, completeUntil) <= frame.starts.findLastIndex((start) => start <= now);
  return (
    <>
      <section class="card counts" aria-label={title}>
        <div class="bar small">
          <h2>{title}</h2>
          <ul class="legend">
            {answer.what === "events" &&
              SEVERITIES.map((severity) => (
                <li key={severity} class="sign">
                  <SeverityBadge severity={severity} />
                </li>
              ))}
            {isOpen && <li class="open-step">not whole yet</li>}
          </ul>
        </div>
        <Readout frame={frame} rows={rows} picked={picked} cameras={choice.cameras} />
        <Chart
          name={title}
          frame={frame}
          rows={rows}
          completeUntil={completeUntil}
          now={now}
          picked={picked}
          onPick={setPicked}
        />
        <CountsTable
          caption={`${title}, as a table`}
          frame={frame}
          rows={rows}
          completeUntil={completeUntil}
          now={now}
        />
      </section>
      {answer.what === "events" && (
        <>
          <h2>By kind and severity</h2>
          <SeverityShares rows={rowsOf(series, "type", frame, nameOf)} />
        </>
      )}
    </>
  );
}

interface ReadoutProps {
  frame: Frame;
  rows: readonly Row[];
  picked: number | null;
  cameras: readonly string[];
}

/** What the picked step holds, and the way to its incidents. */
function Readout({ frame, rows, picked, cameras }: ReadoutProps) {
  const zone = useZone();
  if (picked === null)
    return <p class="readout quiet">Pick a step with the pointer or the arrow keys to read it.</p>;
  const start = frame.starts[picked] ?? 0;
  const search = new URLSearchParams({
    from: toLocal(start, zone).slice(0, 16),
    to: toLocal(endOf(frame, picked), zone).slice(0, 16),
    ...(cameras.length > 0 && { camera: cameras.join(",") }),
  });
  return (
    <p class="readout">
      <strong class="number">{stepSays(frame, picked, zone)}</strong>
      {rows.map((row) => (
        <span key={row.key}>
          {row.name} <span class="number">{barSays(row.bars[picked])}</span>
        </span>
      ))}
      <a href={`/review?${search}`}>Review these</a>
    </p>
  );
}

const NothingCounted = ({ what }: { what: Answer["what"] }) => (
  <Hint>
    <strong>No {what} in this time.</strong> {what === "objects" ? "Objects" : "Events"} are counted when they
    begin, within a minute or so. Take a longer time, or see under Cameras whether the detector watches.
  </Hint>
);

interface ChoicesProps {
  query: Query;
  choice: Shown;
  cameras: readonly Camera[];
  now: number;
}

function Choices({ query, choice, cameras, now }: ChoicesProps) {
  const { route } = useLocation();
  const zone = useZone();
  const go = (part: Query) => route(addressOf(query, part), true);
  const { frame } = choice;
  const chooseSpan = (span: string) =>
    go(
      span === ""
        ? {
            span: "",
            from: toLocal(frame.starts[0] ?? now, zone).slice(0, 16),
            to: toLocal(Math.min(frame.end, now), zone).slice(0, 16),
          }
        : { span, from: "", to: "", step: "" },
    );
  return (
    <form class="filters sift" aria-label="What is counted" onSubmit={(event) => event.preventDefault()}>
      <Choice
        label="Count"
        value={choice.what}
        options={[
          ["objects", "Objects that came"],
          ["events", "Events"],
        ]}
        onChange={(what) => go({ what })}
      />
      <Choice
        label="Camera"
        value={choice.cameras.join()}
        options={[["", "all"], ...cameras.map(({ id, name }) => [id, name] as const)]}
        onChange={(camera) => go({ camera })}
      />
      <Choice
        label="One row for each"
        value={choice.by}
        options={[
          ["type", choice.what === "objects" ? "object" : "kind"],
          ["camera", "camera"],
          ["each", choice.what === "objects" ? "object of a camera" : "kind of a camera"],
        ]}
        onChange={(by) => go({ by })}
      />
      <Choice
        label="Time"
        value={choice.span}
        options={[...SPANS.map(([value, text]) => [value, `last ${text}`] as const), ["", "from … to …"]]}
        onChange={chooseSpan}
      />
      {choice.span === "" && (
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
      <Choice
        label="Step"
        value={choice.isStepChosen ? frame.step : ""}
        options={[["", `by itself (${stepName(frame.step)})`], ...stepsFor(frame)]}
        onChange={(step) => go({ step })}
      />
    </form>
  );
}
