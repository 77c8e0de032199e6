// Between the clock on the wall and the clock of the media: a playlist's fragments tell both.

export interface Placed {
  /** Seconds on the media clock. */
  start: number;
  duration: number;
  /** Milliseconds since the epoch at its start. */
  wallStartMs: number;
}

/** The wall time of a media position; null outside every fragment. */
export function wallTimeAt(fragments: readonly Placed[], position: number): number | null {
  // Half a frame of rounding between the two clocks must not lose the last picture.
  const slack = 0.05;
  const found = fragments.find((f) => position >= f.start - slack && position < f.start + f.duration + slack);
  return found ? found.wallStartMs + (position - found.start) * 1000 : null;
}

/** The media position of a wall time, or of the first footage after it; null when there is none after it. */
export function positionOf(fragments: readonly Placed[], wallMs: number): number | null {
  for (const fragment of fragments) {
    const offset = (wallMs - fragment.wallStartMs) / 1000;
    if (offset < fragment.duration) return fragment.start + Math.max(0, offset);
  }
  return null;
}

/** Whether a wall time lies in a fragment. */
export const covers = (fragments: readonly Placed[], wallMs: number) =>
  fragments.some((f) => wallMs >= f.wallStartMs && wallMs < f.wallStartMs + f.duration * 1000);
