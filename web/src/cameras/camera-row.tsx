import type { Watched } from "../api/event-types";
import type { Camera, Stream } from "../api/types";
import { WatchedLine } from "../parts/detector-facts";
import { bitRate } from "../parts/quantities";
import { StateDot, type Tone } from "../parts/state-dot";
import { Time } from "../parts/time";
import { titled } from "../parts/words";
import { codecName } from "../player/codec";
import { MODE_SAYS } from "./modes";

interface CameraRowProps {
  camera: Camera;
  /** How the detector fares with it; undefined while that is not known. */
  watched: Watched | undefined;
  isBusy: boolean;
  onToggle: () => void;
  onRemove: () => void;
}

export function CameraRow({ camera, watched, isBusy, onToggle, onRemove }: CameraRowProps) {
  const mayConfigure = camera.actions.includes("configure");
  return (
    <li class="card row" data-camera={camera.id}>
      <div class="head">
        <h2>{camera.name}</h2>
        <code class="quiet">{camera.id}</code>
        {camera.audio && <span class="badge">with sound</span>}
        {!camera.is_enabled && <StateDot tone="off" word="switched off" />}
      </div>
      <ul class="streams">
        {camera.streams.map((stream) => (
          <StreamLine key={stream.id} stream={stream} isEnabled={camera.is_enabled} />
        ))}
      </ul>
      {watched && <WatchedLine watched={watched} />}
      <p class="quiet">
        Footage is kept for {camera.retention_days} days. Added <Time at={camera.created_at} />.
      </p>
      <div class="actions">
        <a class="button" href={`/play/${camera.id}`}>
          Play
        </a>
        {camera.actions.includes("view_recorded") && (
          <a class="button" href={`/cameras/${camera.id}/rules`} aria-label={`Rules of ${camera.name}`}>
            Rules
          </a>
        )}
        {mayConfigure && (
          <>
            <a class="button" href={`/cameras/${camera.id}`}>
              Edit
            </a>
            <button
              type="button"
              disabled={isBusy}
              onClick={onToggle}
              aria-label={`Switch ${camera.name} ${camera.is_enabled ? "off" : "on"}`}
            >
              Switch {camera.is_enabled ? "off" : "on"}
            </button>
            <button type="button" class="danger" onClick={onRemove} aria-label={`Remove ${camera.name}`}>
              Remove
            </button>
          </>
        )}
      </div>
    </li>
  );
}

const TONES: Record<string, Tone> = {
  recording: "good",
  standby: "good",
  connecting: "busy",
  failed: "bad",
  off: "off",
};

function StreamLine({ stream, isEnabled }: { stream: Stream; isEnabled: boolean }) {
  const { state } = stream;
  const condition = isEnabled ? (state?.condition ?? "connecting") : "off";
  return (
    <li>
      <span class="badge">{stream.role}</span>
      <StateDot tone={TONES[condition] ?? "off"} word={condition} />
      {stream.url && <code>{stream.url}</code>}
      {state && state.width_px > 0 && (
        <span class="quiet number">
          {state.width_px} × {state.height_px}, {codecName(state.codec)}, {state.frames_per_second.toFixed(0)}{" "}
          pictures/s, {bitRate(state.bits_per_second)}
        </span>
      )}
      {state?.is_clear_text && <span class="badge">clear-text leg</span>}
      {stream.mode !== "continuous" && <span class="badge">{MODE_SAYS[stream.mode].toLowerCase()}</span>}
      {stream.schedule.length > 0 && <span class="badge">by the week</span>}
      {(condition === "standby" || condition === "recording") && state?.detail && (
        <span class="quiet">{titled(state.detail)}.</span>
      )}
      {condition === "failed" && state && (
        <span class="why">
          {state.detail} Since <Time at={state.since} />.
        </span>
      )}
    </li>
  );
}
