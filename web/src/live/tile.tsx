import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { announceSignedOut } from "../api/client";
import { liveAddress } from "../api/endpoints";
import type { Camera, StreamRole } from "../api/types";
import { Icon } from "../parts/icon";
import { StateDot } from "../parts/state-dot";
import { useVisible } from "../parts/use-visible";
import { codecName } from "../player/codec";
import { LivePlayer, type LiveState } from "../player/live-player";
import { iso } from "../time/format";
import { recordingState } from "./recording-state";

/** A grid shows the small stream; the main one is for cameras that have no other, or a browser that needs it. */
export function rolesToTry(camera: Camera): StreamRole[] {
  const roles = camera.streams.map(({ role }) => role);
  return roles.toSorted((a, b) => (a === b ? 0 : a === "sub" ? -1 : 1));
}

/** One camera: live while it is on the screen, its state always. A click plays its footage, from now. */
export function Tile({ camera }: { camera: Camera }) {
  const { route } = useLocation();
  const frame = useRef<HTMLElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const isVisible = useVisible(frame);
  const roles = rolesToTry(camera);
  const canWatch = camera.is_enabled && camera.actions.includes("view_live") && roles.length > 0;
  const state = useLivePicture(video, camera.id, roles, isVisible && canWatch);
  const { tone, word } = recordingState(camera);
  const main = camera.streams.find(({ role }) => role === "main")?.state;
  const latency = state?.kind === "playing" ? state.latencySeconds.toFixed(1) : undefined;
  const why = whyDark(camera, canWatch, state);
  const open = `/play/${camera.id}`;
  return (
    <article
      class="tile"
      ref={frame}
      data-camera={camera.id}
      data-state={state?.kind ?? "idle"}
      aria-label={camera.name}
    >
      <a
        href={open}
        aria-label={`Play ${camera.name} from now`}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          route(`${open}?t=${iso(Date.now())}`);
        }}
      >
        <video
          ref={video}
          data-camera={camera.id}
          data-latency={latency}
          muted
          playsInline
          tabIndex={-1}
          aria-hidden="true"
        />
        {why && <p class={state?.kind === "unable" ? "dark why" : "dark"}>{why}</p>}
      </a>
      <footer>
        <StateDot tone={tone} word={word} isWordHidden />
        <h2>{camera.name}</h2>
        <span class="facts">
          {latency && <span title="How far this picture is behind the newest one received">{latency} s</span>}
          {main?.codec && <span class="badge">{codecName(main.codec)}</span>}
          {main?.is_clear_text && (
            <span class="badge" title="The pictures cross the network unencrypted">
              <Icon name="unlocked" />
              <span class="unseen">clear-text leg</span>
            </span>
          )}
          <span class={`badge ${tone}`}>{word}</span>
        </span>
      </footer>
    </article>
  );
}

function useLivePicture(
  video: { current: HTMLVideoElement | null },
  camera: string,
  roles: StreamRole[],
  isWanted: boolean,
): LiveState | null {
  const [state, setState] = useState<LiveState | null>(null);
  useEffect(() => {
    if (!isWanted || !video.current) {
      setState(null);
      return;
    }
    const player = new LivePlayer(video.current, {
      roles,
      addressOf: (role) => liveAddress(camera, role),
      onState: setState,
      onSignedOut: announceSignedOut,
    });
    return () => player.stop();
  }, [camera, roles.join(), isWanted]);
  return state;
}

function whyDark(camera: Camera, canWatch: boolean, state: LiveState | null): string | null {
  if (!camera.is_enabled) return "Switched off";
  if (!canWatch) return "Your roles do not allow watching this camera live.";
  if (state === null || state.kind === "connecting") return "Connecting …";
  if (state.kind === "playing") return null;
  const failed = camera.streams.find((s) => s.state?.condition === "failed")?.state?.detail;
  return state.kind === "waiting" && failed ? failed : state.why;
}
