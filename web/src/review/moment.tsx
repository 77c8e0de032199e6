import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { getIncident } from "../api/event-endpoints";
import type { CameraEvent, Incident } from "../api/event-types";
import { useRemote } from "../api/use-remote";
import { Dialog } from "../parts/dialog";
import {
  directionName,
  endName,
  flagName,
  kindName,
  kindsName,
  lasted,
  objectsName,
} from "../parts/happening";
import { Icon } from "../parts/icon";
import { Fault, Loading } from "../parts/notice";
import { SeverityBadge, SeverityMark, severityName } from "../parts/severity";
import { Time } from "../parts/time";
import { clock, instant, iso, moment } from "../time/format";
import { useZone } from "../time/zone";
import { MARK_KEYS, MarkButtons, useMarks } from "./marks";
import { type Moment, useMoment } from "./use-moment";

interface MomentDialogProps {
  id: string;
  /** As the list knows it already; it is shown until the whole answer is here. */
  known: Incident | undefined;
  cameraName: (id: string) => string;
  onClose: () => void;
  /** To the neighbour in the list. */
  onStep: (direction: 1 | -1) => void;
  onChange: (incident: Incident) => void;
}

/** An incident: its moment plays, its events say what was told and why. */
export function MomentDialog({ id, known, cameraName, onClose, onStep, onChange }: MomentDialogProps) {
  const { value, error, refresh } = useRemote((signal) => getIncident(id, signal), id, ["incident"]);
  const incident = value ?? known;
  const { mark, error: markFault } = useMarks((changed) => {
    onChange(changed);
    refresh();
  });
  const press = (event: KeyboardEvent) => {
    if (!incident || event.ctrlKey || event.metaKey || event.altKey) return;
    const made = MARK_KEYS[event.key];
    if (made) mark(incident, made);
    else if (event.key === "j") onStep(1);
    else if (event.key === "k") onStep(-1);
    else return;
    event.preventDefault();
  };
  useWindowKeys(press);
  const title = incident ? `${objectsName(incident.objects)}, ${cameraName(incident.camera)}` : "Incident";
  return (
    <Dialog title={title} onClose={onClose} shape="theatre">
      <Fault error={value ? markFault : (error ?? markFault)} />
      {!incident && !error && <Loading what="the incident" />}
      {incident && (
        <Playing key={incident.id} incident={incident} cameraName={cameraName(incident.camera)}>
          <MarkButtons
            incident={incident}
            name="this incident"
            hasKeys
            onMark={(made) => mark(incident, made)}
          />
          <Marked incident={incident} />
          <div class="line">
            <button type="button" onClick={() => onStep(-1)}>
              Newer{" "}
              <span class="key" aria-hidden="true">
                k
              </span>
            </button>
            <button type="button" onClick={() => onStep(1)}>
              Older{" "}
              <span class="key" aria-hidden="true">
                j
              </span>
            </button>
          </div>
        </Playing>
      )}
    </Dialog>
  );
}

function useWindowKeys(press: (event: KeyboardEvent) => void): void {
  const latest = useRef(press);
  latest.current = press;
  useEffect(() => {
    const hear = (event: KeyboardEvent) => latest.current(event);
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, []);
}

/** Who marked it; nothing where nobody did. */
function Marked({ incident }: { incident: Incident }) {
  const { seen_at, seen_by, verdict, verdict_by, archived_by } = incident;
  if (seen_at === null && verdict === null && archived_by === null)
    return <p class="quiet">Nobody has marked this yet.</p>;
  return (
    <p class="quiet">
      {seen_at !== null && (
        <>
          Seen{seen_by && ` by ${seen_by}`}, <Time at={seen_at} />.{" "}
        </>
      )}
      {verdict !== null &&
        `Called ${verdict === "true" ? "true" : "a false alarm"}${verdict_by ? ` by ${verdict_by}` : ""}. `}
      {archived_by !== null && `Archived by ${archived_by}: its footage is kept longer.`}
    </p>
  );
}

const LEAD_MS = 4000;
const TAIL_MS = 6000;

interface PlayingProps {
  incident: Incident;
  cameraName: string;
  children: ComponentChildren;
}

/** The moment, and beside it what is said of it. */
function Playing({ incident, cameraName, children }: PlayingProps) {
  const zone = useZone();
  const video = useRef<HTMLVideoElement>(null);
  const startMs = instant(incident.started_at) ?? 0;
  const from = startMs - LEAD_MS;
  const playing = useMoment(video, incident.camera, from);
  const newest = incident.ended_at === null ? Date.now() : (instant(incident.ended_at) ?? startMs);
  const until = Math.max(newest, startMs) + TAIL_MS;
  const span = Math.max(60, Math.round(((until - from) / 1000) * 3));
  const at = playing.at;
  return (
    <div class="moment-view" data-incident={incident.id}>
      <div class="playing">
        <Screen video={video} incident={incident} cameraName={cameraName} playing={playing} />
        <div class="line transport-line">
          <button
            type="button"
            class="first round"
            autofocus
            onClick={playing.toggle}
            aria-label={playing.isPaused ? "Play" : "Pause"}
          >
            <Icon name={playing.isPaused ? "play" : "pause"} />
          </button>
          <Track
            from={from}
            until={until}
            events={incident.events ?? []}
            playing={playing}
            name={`Moment of ${cameraName}`}
          />
          <strong class="number">{at === null ? "--:--:--" : clock(at, zone)}</strong>
        </div>
        <p class="line">
          <span>
            <Time at={incident.started_at} />, {lasted(startMs, instant(incident.ended_at), Date.now())}
          </span>
          <a class="button" href={`/play/${incident.camera}?t=${iso(at ?? from)}&span=${span}`}>
            Open in Play
          </a>
        </p>
      </div>
      <div class="told">
        <p class="line">
          <SeverityBadge severity={incident.severity} />
          <span class="quiet">{kindsName(incident.kinds)}</span>
        </p>
        {children}
        <Events incident={incident} playing={playing} />
      </div>
    </div>
  );
}

interface ScreenProps {
  video: RefObject<HTMLVideoElement | null>;
  incident: Incident;
  cameraName: string;
  playing: Moment;
}

function Screen({ video, incident, cameraName, playing: { state, toggle } }: ScreenProps) {
  return (
    <div class="screen">
      {/* biome-ignore lint/a11y/useMediaCaption: surveillance footage has no speech to caption */}
      <video
        ref={video}
        data-camera={incident.camera}
        aria-label={`Footage of ${cameraName}`}
        poster={incident.picture ?? undefined}
        onClick={toggle}
      />
      {state.kind === "loading" && (
        <p class="note" role="status">
          Loading …
        </p>
      )}
      {state.kind === "failed" && (
        <p class="dark why" role="alert">
          {state.why}
        </p>
      )}
    </div>
  );
}

interface TrackProps {
  from: number;
  until: number;
  events: readonly CameraEvent[];
  playing: Moment;
  name: string;
}

/** The stretch around the incident, with its events marked; the keys of a slider move in it. */
function Track({ from, until, events, playing, name }: TrackProps) {
  const zone = useZone();
  const at = Math.min(until, Math.max(from, playing.at ?? from));
  useSpace(playing.toggle);
  const share = (ms: number) => `${((ms - from) / (until - from)) * 100}%`;
  return (
    <span class="track">
      <input
        type="range"
        aria-label={name}
        aria-valuetext={moment(at, zone)}
        min={from}
        max={until}
        step={500}
        value={at}
        onInput={({ currentTarget }) => playing.show(Number(currentTarget.value))}
      />
      {events.map((event) => (
        <i
          key={event.id}
          class={`severity-${event.severity}`}
          style={{ left: share(Math.min(until, instant(event.started_at) ?? from)) }}
        />
      ))}
    </span>
  );
}

function useSpace(toggle: () => void): void {
  useWindowKeys((event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (event.key !== " " || target?.closest("button, a, summary")) return;
    event.preventDefault();
    toggle();
  });
}

function Events({ incident, playing }: { incident: Incident; playing: Moment }) {
  const heading = useId();
  const events = (incident.events ?? []).toSorted((a, b) => a.started_at.localeCompare(b.started_at));
  if (events.length === 0) return null;
  return (
    <section aria-labelledby={heading}>
      <h3 id={heading}>Events</h3>
      <ol class="events">
        {events.map((event) => (
          <EventLine key={event.id} event={event} onPlay={playing.show} />
        ))}
      </ol>
    </section>
  );
}

function EventLine({ event, onPlay }: { event: CameraEvent; onPlay: (ms: number) => void }) {
  const zone = useZone();
  const startMs = instant(event.started_at) ?? 0;
  const what = [
    objectsName([event.object]),
    kindName(event.kind).toLowerCase(),
    directionName(event.direction),
  ]
    .filter(Boolean)
    .join(", ");
  const fine = [
    lasted(startMs, instant(event.ended_at), Date.now()),
    endName(event.end_reason),
    `${Math.round(event.confidence * 100)} % sure`,
    ...(event.flags ?? []).map(flagName),
  ].filter(Boolean);
  return (
    <li>
      <button type="button" class="plain" onClick={() => onPlay(startMs - 1000)}>
        <SeverityMark severity={event.severity} />
        <span class="number">{clock(startMs, zone)}</span>
        <span>{what}</span>
        <span class="unseen">, play from here</span>
      </button>
      <p class="quiet">{fine.join("; ")}.</p>
      <p class="quiet">
        {severityName(event.severity)} because of {event.severity_reasons.join("; ") || "no reason stored"}.
      </p>
      <p class="quiet">
        Told by “{event.rule.name}”, version {event.rule.version}. Found by {event.model.name}{" "}
        {event.model.version}.
      </p>
    </li>
  );
}
