import type Hls from "hls.js";
import type { Fragment } from "hls.js";
import { covers, type Placed, positionOf, wallTimeAt } from "./programme";

export interface RecordedOptions {
  addressOf: (fromMs: number, toMs: number, withAudio: boolean) => string;
  /** Told about four times a second, and at every step. */
  onTime: (wallMs: number) => void;
  onState: (state: RecordedState) => void;
  /** What is played has sound, or has none; told while somebody listens. */
  onSound?: (isThere: boolean) => void;
  /** The footage of this playlist is played to its end. */
  onEnd: (lastMs: number) => void;
}

export type RecordedState =
  | { kind: "loading" }
  | { kind: "ready" }
  | { kind: "failed"; why: string; status: number };

/** One playlist spans this much; at its end the next one is asked for. */
const WINDOW_MS = 30 * 60_000;
/** A little from before the wanted moment, so that stepping back needs no new playlist. */
const LEAD_MS = 60_000;
const REPORT_MS = 250;
const AGAIN_MS = 1500;
const CODEC_FAULTS = new Set(["bufferAddCodecError", "manifestIncompatibleCodecsError"]);

/** Recorded pictures of one camera, addressed by wall time. hls.js comes only when it is needed. */
export class RecordedPlayer {
  readonly #video: HTMLVideoElement;
  readonly #options: RecordedOptions;
  #hls: Hls | null = null;
  #fragments: Placed[] = [];
  #wanted: number | null = null;
  /** The moment a new playlist begins at, until its picture is there: the video stands at the playlist's start. */
  #sought: number | null = null;
  #turn = 0;
  #rate = 1;
  #isMuted = true;
  /** Whether to play once a playlist is there; a picture that rests goes on resting when sound comes or goes. */
  #playsOn = true;
  #again: ReturnType<typeof setTimeout> | undefined;
  readonly #report: ReturnType<typeof setInterval>;

  constructor(video: HTMLVideoElement, options: RecordedOptions) {
    this.#video = video;
    this.#options = options;
    video.playsInline = true;
    video.muted = true;
    video.disableRemotePlayback = true;
    video.onseeked = () => {
      this.#sought = null;
      this.#tell();
    };
    video.onpause = () => this.#tell();
    video.onended = () => this.#ended();
    this.#report = setInterval(() => !video.paused && this.#tell(), REPORT_MS);
  }

  /** The wall time of the picture on show, or of the one that is about to be; null while there is none. */
  get wallMs(): number | null {
    return this.#sought ?? wallTimeAt(this.#fragments, this.#video.currentTime);
  }

  set rate(rate: number) {
    this.#rate = rate;
    this.#video.defaultPlaybackRate = rate;
    this.#video.playbackRate = rate;
  }

  /** Sound is fetched while somebody listens, and not before: the playlist at hand is left for another. */
  set isMuted(isMuted: boolean) {
    if (this.#isMuted === isMuted) return;
    this.#isMuted = isMuted;
    this.#video.muted = isMuted;
    const wallMs = this.wallMs ?? this.#wanted;
    if (wallMs === null) return;
    this.#playsOn = !this.#video.paused;
    void this.#load(wallMs);
  }

  /** Shows a moment: at once when it is in the playlist at hand, else by the playlist around it. */
  async show(wallMs: number): Promise<void> {
    const position = covers(this.#fragments, wallMs) ? positionOf(this.#fragments, wallMs) : null;
    if (position !== null && this.#hls) {
      this.#video.currentTime = position;
      return;
    }
    await this.#load(wallMs);
  }

  /** One picture forth or back, paused. */
  step(seconds: number): void {
    this.#video.pause();
    this.#video.currentTime = Math.max(0, this.#video.currentTime + seconds);
  }

  stop(): void {
    this.#turn += 1;
    clearInterval(this.#report);
    clearTimeout(this.#again);
    this.#hls?.destroy();
    this.#hls = null;
    this.#video.onseeked = null;
    this.#video.onpause = null;
    this.#video.onended = null;
  }

  async #load(wallMs: number): Promise<void> {
    clearTimeout(this.#again);
    this.#turn += 1;
    const turn = this.#turn;
    this.#wanted = wallMs;
    this.#sought = null;
    this.#fragments = [];
    this.#hls?.destroy();
    this.#hls = null;
    this.#options.onState({ kind: "loading" });
    const { default: HlsClass } = await import("hls.js/light");
    if (turn !== this.#turn) return;
    if (!HlsClass.isSupported()) {
      this.#fail("This browser cannot play recorded footage: it has no media source extensions.", 0);
      return;
    }
    const hls = new HlsClass({
      autoStartLoad: false,
      maxBufferLength: 20,
      backBufferLength: 60,
      enableWorker: false,
    });
    this.#hls = hls;
    hls.on(HlsClass.Events.LEVEL_UPDATED, (_, { details }) => this.#place(details.fragments));
    hls.on(HlsClass.Events.LEVEL_LOADED, (_, { details }) => this.#begin(details.fragments));
    hls.on(HlsClass.Events.BUFFER_CODECS, (_, tracks) => {
      if (!this.#isMuted) this.#options.onSound?.(Boolean(tracks.audiovideo ?? tracks.audio));
    });
    hls.on(HlsClass.Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      this.#stumble(error.details, error.response?.code ?? 0);
    });
    // A playlist with sound ends where the sound changes, so it begins no earlier than with what is wanted.
    const lead = this.#isMuted ? LEAD_MS : 0;
    hls.loadSource(this.#options.addressOf(wallMs - lead, wallMs + WINDOW_MS, !this.#isMuted));
    hls.attachMedia(this.#video);
  }

  #place(fragments: Fragment[]): void {
    this.#fragments = fragments.flatMap(({ start, duration, programDateTime }) =>
      programDateTime === null ? [] : [{ start, duration, wallStartMs: programDateTime }],
    );
  }

  #begin(fragments: Fragment[]): void {
    this.#place(fragments);
    if (this.#wanted === null) return;
    const position = positionOf(this.#fragments, this.#wanted);
    const wanted = this.#wanted;
    this.#wanted = null;
    if (position === null) {
      this.#options.onEnd(wanted);
      return;
    }
    this.#sought = position > 0 ? wanted : null;
    this.#hls?.startLoad(position);
    this.#video.playbackRate = this.#rate;
    this.#options.onState({ kind: "ready" });
    // A browser may refuse to start by itself; the play button is there.
    if (this.#playsOn) this.#video.play().catch(() => undefined);
    this.#playsOn = true;
  }

  #tell(): void {
    if (this.#sought !== null) return;
    const wallMs = this.wallMs;
    if (wallMs !== null) this.#options.onTime(wallMs);
  }

  #ended(): void {
    const last = this.#fragments.at(-1);
    if (last) this.#options.onEnd(last.wallStartMs + last.duration * 1000);
  }

  /** A playlist that changed under us, or a server away for a moment, is asked for anew; the rest is told. */
  #stumble(details: string, status: number): void {
    const wallMs = this.wallMs ?? this.#wanted;
    const isEmpty = details === "levelEmptyError" || (status === 404 && this.#fragments.length === 0);
    const isPassing = status === 0 || status === 503 || status === 404;
    if (wallMs === null || CODEC_FAULTS.has(details) || !(isPassing || isEmpty)) {
      this.#fail(sentenceFor(details, status), status);
      return;
    }
    this.#options.onState({ kind: "loading" });
    clearTimeout(this.#again);
    this.#again = setTimeout(
      () => (isEmpty ? this.#options.onEnd(wallMs) : void this.#load(wallMs)),
      AGAIN_MS,
    );
  }

  #fail(why: string, status: number): void {
    this.#options.onState({ kind: "failed", why, status });
  }
}

function sentenceFor(details: string, status: number): string {
  if (status === 404) return "There is no footage here.";
  if (status === 401) return "You are not signed in.";
  if (status === 403) return "Your roles do not allow watching recorded footage of this camera.";
  if (status === 410) return "This footage was erased.";
  if (CODEC_FAULTS.has(details)) {
    return "This browser cannot play H.265; export the footage or use a browser with a hardware decoder.";
  }
  return status >= 500
    ? "The recorder could not hand out this footage."
    : `The footage could not be played (${details}).`;
}
