import { cannotPlay, canPlay, mediaSourceClass } from "./codec";
import {
  isInitSection,
  outworn,
  type Range,
  smoothed,
  steer,
  USUAL_CHUNK_SECONDS,
  waitBefore,
} from "./live-buffer";

export type LiveState =
  | { kind: "connecting" }
  | { kind: "playing"; codec: string; latencySeconds: number; droppedCount: number }
  /** Nothing will change by itself: the browser cannot play it, or it is not there. */
  | { kind: "unable"; why: string }
  | { kind: "waiting"; why: string };

export interface LiveOptions<Role extends string> {
  /** The first is tried first; the others when the browser cannot play its codec. */
  roles: readonly Role[];
  addressOf: (role: Role) => string;
  onState: (state: LiveState) => void;
  onSignedOut: () => void;
}

const SIGNED_OUT = 4401;
const NOT_ALLOWED = 4403;
const NOT_THERE = 4404;
const STEER_MS = 250;
/** So many steerings after the first picture it settles: a quarter of a second each. */
const SETTLINGS = 3;
/** More than this waiting to be decoded means that the browser cannot keep up. */
const LONGEST_QUEUE = 60;

/** Live pictures over a WebSocket into a video element: newest first, hurrying back when behind. */
export class LivePlayer<Role extends string> {
  readonly #video: HTMLVideoElement;
  readonly #options: LiveOptions<Role>;
  #socket: WebSocket | null = null;
  #source: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;
  #queue: Uint8Array<ArrayBuffer>[] = [];
  #objectUrl = "";
  #codec = "";
  #role = 0;
  #attempt = 0;
  #droppedCount = 0;
  #chunkSeconds = USUAL_CHUNK_SECONDS;
  #endSeconds = 0;
  /** Steerings since the first picture. */
  #settlings = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #steering: ReturnType<typeof setInterval> | undefined;
  #isStopped = false;

  constructor(video: HTMLVideoElement, options: LiveOptions<Role>) {
    this.#video = video;
    this.#options = options;
    video.muted = true;
    video.playsInline = true;
    video.disableRemotePlayback = true;
    this.#options.onState({ kind: "connecting" });
    this.#connect();
    this.#steering = setInterval(() => this.#steer(), STEER_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    clearInterval(this.#steering);
    this.#socket?.close();
    this.#dismantle();
  }

  #connect(): void {
    const role = this.#options.roles[this.#role];
    if (role === undefined || this.#isStopped) return;
    const socket = new WebSocket(this.#options.addressOf(role));
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (socket !== this.#socket) return;
      if (typeof data === "string") this.#hear(data);
      else this.#take(new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }) => {
      if (socket === this.#socket && !this.#isStopped) this.#lost(code, reason);
    };
    this.#socket = socket;
  }

  #hear(text: string): void {
    const said = JSON.parse(text) as { codec?: string; dropped?: number };
    if (said.dropped) this.#droppedCount += said.dropped;
    if (said.codec === undefined) return;
    this.#codec = said.codec;
    if (canPlay(said.codec)) return;
    this.#socket?.close();
    this.#socket = null;
    const { roles, onState } = this.#options;
    if (this.#role + 1 < roles.length) {
      this.#role += 1;
      this.#connect();
    } else {
      onState({ kind: "unable", why: cannotPlay(said.codec, roles.length > 1) });
    }
  }

  #take(bytes: Uint8Array<ArrayBuffer>): void {
    if (isInitSection(bytes)) this.#rebuild();
    this.#attempt = 0;
    this.#queue.push(bytes);
    if (this.#queue.length > LONGEST_QUEUE) this.#reconnect("This browser cannot keep up with the stream.");
    else this.#feed();
  }

  /** A new run of the camera starts its clock anew, so it gets a media source of its own. */
  #rebuild(): void {
    this.#dismantle();
    const kind = mediaSourceClass();
    if (!kind) return;
    const source = new kind();
    this.#source = source;
    this.#objectUrl = URL.createObjectURL(source);
    this.#video.src = this.#objectUrl;
    source.addEventListener("sourceopen", () => {
      if (source !== this.#source) return;
      this.#buffer = source.addSourceBuffer(`video/mp4; codecs="${this.#codec}"`);
      this.#buffer.addEventListener("updateend", () => {
        this.#measure();
        this.#feed();
        // At once for the first picture, but not before all that waited is there: it would begin too far back.
        if (this.#queue.length === 0 && this.#video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) {
          this.#steer();
        }
      });
      this.#feed();
    });
  }

  #feed(): void {
    const buffer = this.#buffer;
    if (!buffer || buffer.updating || this.#source?.readyState !== "open") return;
    try {
      const past = outworn(rangesOf(this.#video), this.#video.currentTime);
      if (past) {
        buffer.remove(past.start, past.end);
        return;
      }
      const next = this.#queue.shift();
      if (next) buffer.appendBuffer(next);
    } catch (error) {
      // A full buffer or bytes that the decoder refuses: a fresh start is the cure for both.
      this.#reconnect(error instanceof Error ? error.message : String(error));
    }
  }

  #measure(): void {
    const end = rangesOf(this.#video).at(-1)?.end ?? 0;
    // While more waits it is what was there before we came, in longer pieces.
    if (this.#queue.length === 0) this.#chunkSeconds = smoothed(this.#chunkSeconds, end - this.#endSeconds);
    this.#endSeconds = end;
  }

  #steer(): void {
    const video = this.#video;
    if (!this.#buffer) return;
    if (video.error) {
      this.#reconnect(video.error.message || "The browser could not decode the stream.");
      return;
    }
    const ranges = rangesOf(video);
    if (ranges.length === 0) return;
    const isShown = !video.seeking && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    const { latencySeconds, rate, jumpTo } = steer(
      ranges,
      video.currentTime,
      video.playbackRate,
      this.#chunkSeconds,
      isShown && this.#settlings < SETTLINGS,
    );
    if (isShown) this.#settlings += 1;
    if (jumpTo !== null) video.currentTime = jumpTo;
    if (video.playbackRate !== rate) video.playbackRate = rate;
    // The browser pauses what it thinks nobody sees; a refusal to play again is tried again at the next step.
    if (video.paused) video.play().catch(() => undefined);
    if (jumpTo === null) {
      this.#options.onState({
        kind: "playing",
        codec: this.#codec,
        latencySeconds,
        droppedCount: this.#droppedCount,
      });
    }
  }

  #lost(code: number, reason: string): void {
    const { onState, onSignedOut } = this.#options;
    this.#socket = null;
    if (code === SIGNED_OUT) {
      onSignedOut();
    } else if (code === NOT_ALLOWED) {
      onState({ kind: "unable", why: reason || "Your roles do not allow watching this camera live." });
    } else if (code === NOT_THERE) {
      onState({ kind: "unable", why: reason || "This camera is not there, or not for you." });
    } else {
      this.#reconnect(reason || "No live picture right now; trying again.");
    }
  }

  #reconnect(why: string): void {
    this.#socket?.close();
    this.#socket = null;
    this.#dismantle();
    this.#options.onState({ kind: "waiting", why });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), waitBefore(this.#attempt));
    this.#attempt += 1;
  }

  #dismantle(): void {
    this.#queue = [];
    this.#settlings = 0;
    this.#buffer = null;
    this.#source = null;
    if (this.#objectUrl) {
      URL.revokeObjectURL(this.#objectUrl);
      this.#objectUrl = "";
      this.#video.removeAttribute("src");
      this.#video.load();
    }
  }
}

function rangesOf(video: HTMLVideoElement): Range[] {
  const { buffered } = video;
  return Array.from({ length: buffered.length }, (_, i) => ({
    start: buffered.start(i),
    end: buffered.end(i),
  }));
}
