// The arithmetic of drawing: points are shares of the picture, the origin top left.
import type { EventKind, PointShares } from "../api/event-types";

export const MOST_POINTS = 64;
/** Three digits are less than two pixels of any picture. */
const DIGITS = 1000;

const within = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * DIGITS) / DIGITS;

/** The nearest point of the picture, in round figures. */
export const placed = (x: number, y: number): PointShares => [within(x), within(y)];

export const leastPoints = (kind: EventKind) => ({ object: 0, zone_visit: 3, line_cross: 2 })[kind];

export const moved = (points: readonly PointShares[], index: number, to: PointShares): PointShares[] =>
  points.map((point, place) => (place === index ? to : point));

export const without = (points: readonly PointShares[], index: number): PointShares[] =>
  points.filter((_, place) => place !== index);

/**
 * Adds a point where it was put: at the end of a line, into the nearest edge of a zone that has one.
 *
 * @param aspect Width of the picture divided by its height.
 * @returns The points, and the place of the new one.
 */
export function added(
  points: readonly PointShares[],
  point: PointShares,
  kind: EventKind,
  aspect: number,
): { points: PointShares[]; index: number } {
  const isClosed = kind === "zone_visit" && points.length >= 3;
  const index = isClosed ? nearestEdge(points, point, aspect) + 1 : points.length;
  return { points: points.toSpliced(index, 0, point), index };
}

/** Adds a point half way to the next one; after the last point of a line, a little further on. */
export function addedAfter(
  points: readonly PointShares[],
  index: number,
  kind: EventKind,
): { points: PointShares[]; index: number } {
  const here = points[index];
  if (!here) return { points: [...points, [0.5, 0.5]], index: points.length };
  const next = points[index + 1] ?? (kind === "zone_visit" && points.length > 2 ? points[0] : undefined);
  const between: PointShares = next
    ? placed((here[0] + next[0]) / 2, (here[1] + next[1]) / 2)
    : beyond(here, points[index - 1]);
  return { points: points.toSpliced(index + 1, 0, between), index: index + 1 };
}

function beyond(here: PointShares, before: PointShares | undefined): PointShares {
  const stepX = before ? (here[0] - before[0]) / 2 || 0 : 0.1;
  const stepY = before ? (here[1] - before[1]) / 2 || 0 : 0;
  const ahead = placed(here[0] + stepX, here[1] + stepY);
  // At the picture's edge there is no further on: turn back.
  return ahead[0] === here[0] && ahead[1] === here[1] ? placed(here[0] - 0.1, here[1] - stepY) : ahead;
}

function nearestEdge(points: readonly PointShares[], point: PointShares, aspect: number): number {
  let nearest = 0;
  let best = Number.POSITIVE_INFINITY;
  points.forEach((from, index) => {
    const to = points[(index + 1) % points.length] ?? from;
    const distance = distanceTo(from, to, point, aspect);
    if (distance < best) {
      best = distance;
      nearest = index;
    }
  });
  return nearest;
}

function distanceTo(from: PointShares, to: PointShares, point: PointShares, aspect: number): number {
  const [dx, dy] = [(to[0] - from[0]) * aspect, to[1] - from[1]];
  const [px, py] = [(point[0] - from[0]) * aspect, point[1] - from[1]];
  const squared = dx * dx + dy * dy;
  const share = squared === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / squared));
  return Math.hypot(px - share * dx, py - share * dy);
}

export interface Sides {
  /** The middle of the line, and the way across it to its right; heights of the picture. */
  x: number;
  y: number;
  rightX: number;
  rightY: number;
}

/**
 * Where a line's sides are, for someone who walks from its first point to its last; null while it has no length.
 *
 * Measured in heights of the picture, so that across is a right angle on the screen too.
 */
export function sidesOf(points: readonly PointShares[], aspect: number): Sides | null {
  const edges = points.slice(1).map((to, index) => {
    const from = points[index] ?? to;
    const [dx, dy] = [(to[0] - from[0]) * aspect, to[1] - from[1]];
    return { from, dx, dy, length: Math.hypot(dx, dy) };
  });
  let rest = edges.reduce((sum, { length }) => sum + length, 0) / 2;
  for (const { from, dx, dy, length } of edges) {
    if (length > 0 && rest <= length) {
      const share = rest / length;
      // y grows downwards: to the right hand of (dx, dy) is (-dy, dx).
      return {
        x: from[0] * aspect + dx * share,
        y: from[1] + dy * share,
        rightX: -dy / length,
        rightY: dx / length,
      };
    }
    rest -= length;
  }
  return null;
}
