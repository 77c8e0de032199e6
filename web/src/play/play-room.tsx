import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import { listCameras } from "../api/endpoints";
import type { CameraEvent } from "../api/event-types";
import type { Camera } from "../api/types";
import { useRemote } from "../api/use-remote";
import { Choice, Field } from "../parts/field";
import { HoldDialog } from "../parts/hold-dialog";
import { Icon } from "../parts/icon";
import { Empty, Fault, Loading } from "../parts/notice";
import { fromLocal, instant, iso, toLocal } from "../time/format";
import { useZone } from "../time/zone";
import { EraseDialog } from "./erase-dialog";
import { EventLane } from "./event-lane";
import { neighbour } from "./event-marks";
import { ExportDialog } from "./export-dialog";
import { SpanTable } from "./span-table";
import { TimelineBar } from "./timeline";
import { Transport } from "./transport";
import { useEvents } from "./use-events";
import { useHolds } from "./use-holds";
import { type Playback, usePlayback } from "./use-playback";
import { useSpans } from "./use-spans";
import { follow, lengthOf, type View, viewAround } from "./view";
import { WhyDialog } from "./why-dialog";
import { ZoomBar } from "./zoom-bar";

/** What was: one camera over one continuous timeline. The address says which camera and when. */
export default function PlayRoom() {
  const { params } = useRoute();
  const { path, route } = useLocation();
  const { value: cameras, error } = useRemote(listCameras, "cameras", ["camera"]);
  const first = cameras?.[0];
  useEffect(() => {
    // On the way to another room, which is still being fetched, the address is no longer ours.
    if (path.replace(/\/$/, "") === "/play" && first) route(`/play/${first.id}`, true);
  }, [path, first?.id]);
  if (!cameras) return error ? <Fault error={error} /> : <Loading what="cameras" />;
  if (!first) {
    return (
      <Empty title="Nothing to play yet">
        <p class="quiet">As soon as a camera is added, its footage is here.</p>
        <p>
          <a class="button first" href="/cameras">
            Set up cameras
          </a>
        </p>
      </Empty>
    );
  }
  if (!params.camera) return null;
  const camera = cameras.find(({ id }) => id === params.camera);
  if (!camera) {
    return (
      <Empty title="There is no such camera">
        <p class="quiet">“{params.camera}” is not there, or is not shared with you.</p>
        <p>
          <a class="button" href={`/play/${first.id}`}>
            Play {first.name}
          </a>
        </p>
      </Empty>
    );
  }
  return <Playing key={camera.id} camera={camera} cameras={cameras} />;
}

const DEFAULT_LENGTH_MS = 3_600_000;
/** How often the moving picture is written into the address. */
const ADDRESS_MS = 3000;

function Playing({ camera, cameras }: { camera: Camera; cameras: Camera[] }) {
  const { query, route } = useLocation();
  const zone = useZone();
  const video = useRef<HTMLVideoElement>(null);
  const [isExporting, setExporting] = useState(false);
  const [isHolding, setHolding] = useState(false);
  const [isErasing, setErasing] = useState(false);
  const [whyAt, setWhyAt] = useState<number | null>(null);
  const length = Number(query.span) > 0 ? Number(query.span) * 1000 : DEFAULT_LENGTH_MS;
  const [view, setView] = useState<View>(() => viewAround(instant(query.t) ?? Date.now(), length, 0.75));
  const main = camera.streams.find(({ role }) => role === "main")?.state;
  const playback = usePlayback(video, camera.id, zone, main?.frames_per_second || 25);
  const spans = useSpans(camera.id, view);
  const { at } = playback;
  // Where nothing can be played, the moment that was asked for: why there is nothing is asked, too.
  const moment = at ?? instant(query.t);
  const found = useEvents(camera.id, view, camera.actions.includes("view_recorded"));
  const mayHold = camera.actions.includes("hold");
  const holds = useHolds(camera.id, view, mayHold);
  const wanted = useAddress(camera.id, query.t, lengthOf(view), playback);

  useEffect(() => {
    if (at !== null) setView((now) => follow(now, at));
  }, [at]);

  const pick = (ms: number) => {
    wanted.push(ms);
    playback.goTo(ms);
  };
  useEventKeys(found.events, at, pick);
  return (
    <div class="play">
      <div class="bar">
        <h1>Play</h1>
        <Choice
          label="Camera"
          isLabelHidden
          value={camera.id}
          options={cameras.map(({ id, name }) => [id, name] as const)}
          onChange={(id) => route(`/play/${id}${at === null ? "" : `?t=${iso(at)}`}`)}
        />
        <GoTo
          at={at}
          onGo={(ms) => {
            setView(viewAround(ms, lengthOf(view)));
            pick(ms);
          }}
        />
        {camera.actions.includes("view_recorded") && (
          <button type="button" disabled={moment === null} onClick={() => setWhyAt(moment)}>
            <Icon name="retention" /> Why is this here?
          </button>
        )}
        {camera.actions.includes("export") && (
          <button type="button" disabled={at === null} onClick={() => setExporting(true)}>
            <Icon name="save" /> Export
          </button>
        )}
        {mayHold && (
          <button type="button" onClick={() => setHolding(true)}>
            <Icon name="hold" /> Hold
          </button>
        )}
        {camera.actions.includes("delete") && (
          <button type="button" onClick={() => setErasing(true)}>
            Erase …
          </button>
        )}
      </div>
      <Screen video={video} camera={camera} playback={playback} />
      <Transport playback={playback} />
      <TimelineBar
        name={camera.name}
        view={view}
        onView={setView}
        stretches={spans.stretches}
        held={holds.held}
        at={at}
        oldest={spans.oldest}
        newest={spans.newest}
        onPick={pick}
      />
      <EventLane name={camera.name} view={view} events={found.events} isCut={found.isCut} onPick={pick} />
      <ZoomBar view={view} at={at} onView={setView} />
      <Fault error={spans.error ?? found.error ?? holds.error} />
      <SpanTable name={camera.name} view={view} stretches={spans.stretches} />
      {whyAt !== null && <WhyDialog camera={camera} at={whyAt} onClose={() => setWhyAt(null)} />}
      {isExporting && at !== null && (
        <ExportDialog camera={camera} at={at} onClose={() => setExporting(false)} />
      )}
      {isHolding && (
        <HoldDialog
          target={{
            kind: "span",
            camera: camera.id,
            from: view.start,
            to: Math.max(view.start + 1000, Math.min(view.end, Date.now())),
          }}
          cameras={cameras}
          onClose={() => setHolding(false)}
        />
      )}
      {isErasing && (
        <EraseDialog
          camera={camera}
          at={at ?? instant(query.t) ?? Date.now()}
          onClose={() => setErasing(false)}
        />
      )}
    </div>
  );
}

/** `e` plays the next event, `E` the one before. */
function useEventKeys(events: readonly CameraEvent[], at: number | null, onPick: (ms: number) => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || at === null) return;
      if (event.target instanceof Element && event.target.closest("input, select, textarea, dialog")) return;
      if (event.key !== "e" && event.key !== "E") return;
      event.preventDefault();
      const start = neighbour(events, at, event.key === "e" ? 1 : -1);
      if (start !== null) onPick(start - 1500);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });
}

function Screen({
  video,
  camera,
  playback,
}: {
  video: { current: HTMLVideoElement | null };
  camera: Camera;
  playback: Playback;
}) {
  const { state, note } = playback;
  return (
    <div class="screen">
      {/* biome-ignore lint/a11y/useMediaCaption: surveillance footage has no speech to caption */}
      <video
        ref={video}
        data-camera={camera.id}
        aria-label={`Footage of ${camera.name}`}
        onClick={playback.toggle}
      />
      {state.kind === "loading" && (
        <p class="dark" role="status">
          Loading …
        </p>
      )}
      {state.kind === "failed" && (
        <p class="dark why" role="alert">
          {state.why}
        </p>
      )}
      <p class={note ? "note" : "unseen"} role="status">
        {note}
      </p>
    </div>
  );
}

function GoTo({ at, onGo }: { at: number | null; onGo: (ms: number) => void }) {
  const zone = useZone();
  const [text, setText] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    const ms = fromLocal(text, zone);
    if (ms !== null) onGo(ms);
  };
  return (
    <form class="inline go" onSubmit={submit}>
      <Field
        label="Go to"
        type="datetime-local"
        step={1}
        required
        value={text || (at === null ? "" : toLocal(at, zone))}
        onInput={setText}
        onBlur={() => undefined}
      />
      <button type="submit">Go</button>
    </form>
  );
}

/** Keeps the address and the picture together: what is played is written, what is written from outside is played. */
function useAddress(camera: string, t: string | undefined, length: number, playback: Playback) {
  const { route, path } = useLocation();
  const written = useRef<string | null>(null);
  const { at, isPaused, goTo } = playback;
  const span = useMemo(
    () => (length === DEFAULT_LENGTH_MS ? "" : `&span=${Math.round(length / 1000)}`),
    [length],
  );
  const addressOf = (ms: number) => {
    written.current = iso(ms);
    return `/play/${camera}?t=${written.current}${span}`;
  };
  const latest = useRef({ at, addressOf });
  latest.current = { at, addressOf };

  useEffect(() => {
    // On the way to another room the address is no longer ours.
    if (path !== `/play/${camera}` || (t !== undefined && t === written.current)) return;
    goTo(instant(t));
  }, [t, goTo]);

  useEffect(() => {
    const write = () => {
      const now = latest.current;
      // Not through the router: the picture moves by itself, nothing is to be drawn anew.
      if (now.at !== null && location.pathname === `/play/${camera}`) {
        history.replaceState(history.state, "", now.addressOf(now.at));
      }
    };
    if (isPaused) {
      write();
      return;
    }
    const timer = setInterval(write, ADDRESS_MS);
    return () => clearInterval(timer);
    // A picture that rests is moved only by hand, and each such move is written at once.
  }, [camera, isPaused, span, isPaused ? at : null]);

  return { push: (ms: number) => route(addressOf(ms)) };
}
