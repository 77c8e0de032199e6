// When to hurry, when to jump: the arithmetic of a live picture, apart from the element it steers.

/** Seconds of media, half-open. */
export interface Range {
  start: number;
  end: number;
}

export interface Steering {
  /** How far the picture is behind the newest one that has arrived. */
  latencySeconds: number;
  rate: number;
  /** Where to go at once, if the distance is too great to be made up by hurrying. */
  jumpTo: number | null;
}

/** Beyond this, hurrying would take too long to be worth it. */
const JUMP_ABOVE_SECONDS = 1;
/** While it settles, what the first seek and the decoder's start have cost is made good by a jump. */
const SETTLE_ABOVE_SECONDS = 0.15;
/** Hurrying begins this much above the margin and ends just above it, so that the rate does not flicker. */
const HURRY_ABOVE_SECONDS = 0.12;
const HURRY_UNTIL_SECONDS = 0.04;
const HURRY_RATE = 1.05;
/** A person hardly notices either rate; the faster one is for who is further above the margin than this. */
const HASTE_ABOVE_SECONDS = 0.3;
const HASTE_RATE = 1.1;
/** How long a chunk is until we know better. */
export const USUAL_CHUNK_SECONDS = 0.1;
/** A chunk that seems longer is a hole; one packet may last so long. */
const LONGEST_CHUNK_SECONDS = 0.5;
/** A jump lands this many chunks before the end: one is under way, and the network trembles. */
const MARGIN_CHUNKS = 1.2;
const LEAST_MARGIN_SECONDS = 0.2;
/** A range shorter than this is not worth jumping to over a hole; the next chunk makes it longer. */
const WORTH_SECONDS = 0.2;

/**
 * Says how to play on, given what is buffered, where the picture is, and how fast it runs now.
 *
 * The shorter the chunks are that come, the closer to the newest picture it is safe to be.
 */
export function steer(
  ranges: readonly Range[],
  position: number,
  rate: number,
  chunkSeconds = USUAL_CHUNK_SECONDS,
  isSettling = false,
): Steering {
  const last = ranges.at(-1);
  if (!last) return { latencySeconds: 0, rate: 1, jumpTo: null };
  const latencySeconds = Math.max(0, last.end - position);
  const isOutside = position < last.start;
  const margin = Math.max(LEAST_MARGIN_SECONDS, chunkSeconds * MARGIN_CHUNKS);
  const landing = Math.max(last.start, last.end - margin);
  if (isOutside && last.end - last.start >= WORTH_SECONDS)
    return { latencySeconds, rate: 1, jumpTo: landing };
  const jumpAbove = isSettling ? margin + SETTLE_ABOVE_SECONDS : JUMP_ABOVE_SECONDS;
  if (latencySeconds > jumpAbove) return { latencySeconds, rate: 1, jumpTo: landing };
  const isHurrying = rate > 1;
  const hurries = latencySeconds > margin + (isHurrying ? HURRY_UNTIL_SECONDS : HURRY_ABOVE_SECONDS);
  const hurry = latencySeconds > margin + HASTE_ABOVE_SECONDS ? HASTE_RATE : HURRY_RATE;
  return { latencySeconds, rate: hurries ? hurry : 1, jumpTo: null };
}

/** The length of chunks, smoothed: one that grows the buffer by `grownSeconds` moves it a fifth of the way. */
export const smoothed = (chunkSeconds: number, grownSeconds: number) =>
  grownSeconds > 0 && grownSeconds <= LONGEST_CHUNK_SECONDS
    ? chunkSeconds * 0.8 + grownSeconds * 0.2
    : chunkSeconds;

const KEEP_BEHIND_SECONDS = 8;
const FORGET_ABOVE_SECONDS = 20;

/** What may be dropped from the buffer so that hours of watching do not fill the memory; null for nothing yet. */
export function outworn(ranges: readonly Range[], position: number): Range | null {
  const first = ranges[0];
  if (!first || position - first.start < FORGET_ABOVE_SECONDS) return null;
  return { start: first.start, end: position - KEEP_BEHIND_SECONDS };
}

/** Whether bytes are an init section (they begin with an ftyp box) and not a chunk. */
export function isInitSection(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && String.fromCharCode(...bytes.subarray(4, 8)) === "ftyp";
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** How long to wait before the n-th attempt (from 0) to connect again. */
export const waitBefore = (attempt: number) => Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
