import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { playlistAddress } from "../api/endpoints";
import { RecordedPlayer, type RecordedState } from "../player/recorded-player";
import { iso } from "../time/format";

export interface Moment {
  /** Wall time of the picture on show; null before the first. */
  at: number | null;
  isPaused: boolean;
  state: RecordedState;
  show: (ms: number) => void;
  toggle: () => void;
}

const AGAIN_MS = 1500;
/** What is not on the disk after this long will not come. */
const FRESH_MS = 30_000;

/** Plays a camera's footage from a moment on; footage that is about to be written is waited for. */
export function useMoment(video: RefObject<HTMLVideoElement | null>, camera: string, from: number): Moment {
  const [at, setAt] = useState<number | null>(null);
  const [isPaused, setPaused] = useState(true);
  const [state, setState] = useState<RecordedState>({ kind: "loading" });
  const player = useRef<RecordedPlayer>(null);

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    let again: ReturnType<typeof setTimeout> | undefined;
    const made = new RecordedPlayer(element, {
      addressOf: (start, end) => playlistAddress(camera, iso(start), iso(end), "main"),
      onTime: (ms) => {
        element.dataset.programTime = iso(ms);
        setAt(ms);
      },
      onState: setState,
      onEnd: (lastMs) => {
        if (Date.now() - lastMs > FRESH_MS) {
          setState({ kind: "failed", why: "Nothing was recorded from here on.", status: 404 });
        } else {
          again = setTimeout(() => void made.show(lastMs), AGAIN_MS);
        }
      },
    });
    player.current = made;
    const look = () => setPaused(element.paused);
    element.addEventListener("play", look);
    element.addEventListener("pause", look);
    setAt(null);
    void made.show(from);
    return () => {
      clearTimeout(again);
      element.removeEventListener("play", look);
      element.removeEventListener("pause", look);
      delete element.dataset.programTime;
      made.stop();
      player.current = null;
    };
  }, [camera, from]);

  return {
    at,
    isPaused,
    state,
    show: (ms) => {
      void player.current?.show(ms);
      video.current?.play().catch(() => undefined);
    },
    toggle: () => {
      const element = video.current;
      if (element?.paused) element.play().catch(() => undefined);
      else element?.pause();
    },
  };
}
