import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { announceSignedOut } from "../api/client";
import { liveAddress } from "../api/endpoints";
import type { Camera } from "../api/types";
import { LivePlayer, type LiveState } from "../player/live-player";

interface LivePictureProps {
  camera: Camera;
  onAspect: (aspect: number) => void;
  aspect: number;
  /** Lies over the picture, exactly as large. */
  children: ComponentChildren;
}

/** The camera as it is now, to draw on; without a picture the drawing is still there. */
export function LivePicture({ camera, aspect, onAspect, children }: LivePictureProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<LiveState | null>(null);
  const roles = camera.streams.map(({ role }) => role).toSorted();
  const canWatch = camera.is_enabled && camera.actions.includes("view_live") && roles.length > 0;
  useEffect(() => {
    const element = video.current;
    if (!element || !canWatch) return;
    const player = new LivePlayer(element, {
      roles,
      addressOf: (role) => liveAddress(camera.id, role),
      onState: setState,
      onSignedOut: announceSignedOut,
    });
    return () => player.stop();
  }, [camera.id, roles.join(), canWatch]);
  const measure = () => {
    const { videoWidth, videoHeight } = video.current ?? { videoWidth: 0, videoHeight: 0 };
    if (videoWidth > 0 && videoHeight > 0) onAspect(videoWidth / videoHeight);
  };
  const why = !canWatch
    ? "This camera cannot be watched live; draw without its picture."
    : state === null || state.kind === "connecting"
      ? "Connecting …"
      : state.kind === "playing"
        ? ""
        : state.why;
  return (
    <div class="canvas" style={{ aspectRatio: String(aspect), "--aspect": String(aspect) }}>
      <video
        ref={video}
        data-camera={camera.id}
        muted
        playsInline
        tabIndex={-1}
        aria-hidden="true"
        onLoadedMetadata={measure}
        onResize={measure}
      />
      {why && <p class="dark">{why}</p>}
      {children}
    </div>
  );
}

/** Of the pictures that the recorder has seen; 16:9 until one is. */
export function aspectOf(camera: Camera): number {
  const state = camera.streams.find((stream) => (stream.state?.width_px ?? 0) > 0)?.state;
  return state && state.height_px > 0 ? state.width_px / state.height_px : 16 / 9;
}
