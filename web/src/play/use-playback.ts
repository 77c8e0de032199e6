import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { getTimeline, playlistAddress } from "../api/endpoints";
import { messageOf } from "../api/problem";
import { RecordedPlayer, type RecordedState } from "../player/recorded-player";
import { clock, instant, iso, moment } from "../time/format";
import { footageFrom } from "./spans";
import { findFootage, findNext, findPrevious } from "./use-spans";

export const RATES: readonly number[] = [0.125, 0.25, 0.5, 1, 2, 4, 8, 16];

export interface Playback {
  /** Wall time of the picture on show; null before the first. */
  at: number | null;
  isPaused: boolean;
  rate: number;
  /** Sound is off until somebody wants it. */
  isMuted: boolean;
  state: RecordedState;
  /** Why another moment is shown than the one asked for; "" mostly. */
  note: string;
  goTo: (ms: number | null) => void;
  toggle: () => void;
  nudge: (seconds: number) => void;
  step: (direction: 1 | -1) => void;
  skip: (direction: 1 | -1) => void;
  setRate: (rate: number) => void;
  setMuted: (isMuted: boolean) => void;
}

/** The newest pictures are still on their way to the disk. */
const EDGE_MS = 3000;
const AGAIN_MS = 2000;
const NO_SOUND = "There is no sound here that a browser plays; an export has all that was recorded.";
/** A move of less than this is not worth a word. */
const NOTED_MS = 2000;

/** Plays one camera by wall time: over gaps, from one playlist into the next, up to the newest picture. */
export function usePlayback(
  video: RefObject<HTMLVideoElement | null>,
  camera: string,
  zone: string,
  framesPerSecond: number,
): Playback {
  const [at, setAt] = useState<number | null>(null);
  const [isPaused, setPaused] = useState(true);
  const [rate, setRate] = useState(1);
  const [isMuted, setMuted] = useState(true);
  const [state, setState] = useState<RecordedState>({ kind: "loading" });
  const [note, setNote] = useState("");
  const player = useRef<RecordedPlayer>(null);
  const turn = useRef(0);
  const again = useRef<ReturnType<typeof setTimeout>>(undefined);

  const acts = useMemo(() => {
    /** Runs a search; only the newest one may move the picture. */
    const seek = async (find: () => Promise<number | null>, nothing: () => void) => {
      turn.current += 1;
      const mine = turn.current;
      clearTimeout(again.current);
      try {
        const found = await find();
        if (mine !== turn.current || !player.current) return;
        if (found === null) nothing();
        else await player.current.show(found);
      } catch (error) {
        if (mine === turn.current) setState({ kind: "failed", why: messageOf(error), status: 0 });
      }
    };
    const newest = async () => {
      const now = Date.now();
      const known = instant((await getTimeline(camera, iso(now - 60_000), iso(now), 1)).newest);
      return known === null ? null : known - EDGE_MS;
    };
    const goTo = (ms: number | null) => {
      setNote("");
      void seek(
        async () => {
          if (ms === null) return newest();
          const found = await findFootage(camera, ms, (stretches) => footageFrom(stretches, ms));
          const target = found ?? (await newest());
          if (target !== null && target - ms > NOTED_MS) {
            setNote(`Nothing was recorded at ${moment(ms, zone)}; playing from ${clock(target, zone)}.`);
          }
          return target;
        },
        () => setState({ kind: "failed", why: "Nothing has been recorded here yet.", status: 404 }),
      ).then(() => video.current?.play().catch(() => undefined));
    };
    /** At the end of a playlist: on to the next footage, or wait for it at the newest picture. */
    const playOn = (lastMs: number) => {
      const after = lastMs + 200;
      void seek(
        () => findFootage(camera, after, (stretches) => footageFrom(stretches, after)),
        () => {
          setNote("This is the newest footage; it goes on as soon as there is more.");
          again.current = setTimeout(() => playOn(lastMs), AGAIN_MS);
        },
      );
    };
    const skip = (direction: 1 | -1) => {
      const from = player.current?.wallMs ?? null;
      if (from === null) return;
      setNote("");
      void seek(
        () => (direction > 0 ? findNext(camera, from) : findPrevious(camera, from)),
        () =>
          setNote(direction > 0 ? "There is no gap between here and now." : "There is no earlier recording."),
      );
    };
    return { goTo, playOn, skip };
  }, [camera, zone]);

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    const made = new RecordedPlayer(element, {
      addressOf: (from, to, withAudio) => playlistAddress(camera, iso(from), iso(to), "main", withAudio),
      onSound: (isThere) => setNote(isThere ? "" : NO_SOUND),
      onTime: (ms) => {
        element.dataset.programTime = iso(ms);
        setAt(ms);
      },
      onState: setState,
      onEnd: acts.playOn,
    });
    player.current = made;
    const look = () => setPaused(element.paused);
    element.addEventListener("play", look);
    element.addEventListener("pause", look);
    return () => {
      turn.current += 1;
      clearTimeout(again.current);
      element.removeEventListener("play", look);
      element.removeEventListener("pause", look);
      delete element.dataset.programTime;
      made.stop();
      player.current = null;
    };
  }, [camera, acts]);

  const toggle = () => {
    const element = video.current;
    if (element?.paused) element.play().catch(() => undefined);
    else element?.pause();
  };
  const nudge = (seconds: number) => {
    const from = player.current?.wallMs;
    if (from !== null && from !== undefined) void player.current?.show(from + seconds * 1000);
  };
  const changeRate = (chosen: number) => {
    setRate(chosen);
    if (player.current) player.current.rate = chosen;
  };
  const mute = (chosen: boolean) => {
    setMuted(chosen);
    setNote("");
    if (player.current) player.current.isMuted = chosen;
  };
  return {
    at,
    isPaused,
    rate,
    isMuted,
    state,
    note,
    goTo: acts.goTo,
    skip: acts.skip,
    toggle,
    nudge,
    step: (direction) => player.current?.step(direction / framesPerSecond),
    setRate: changeRate,
    setMuted: mute,
  };
}
