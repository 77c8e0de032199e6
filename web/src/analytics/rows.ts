// From the server's series to the rows of a chart: one row a camera, an object, a kind, or a pair of them.
import type { EventCounts, ObjectCounts } from "../api/event-types";
import { kindName } from "../parts/happening";
import { titled } from "../parts/words";
import { instant } from "../time/format";
import type { Frame } from "./steps";

export type Shares = readonly [number, number, number, number];

export interface Bar {
  /** null where nobody looked: the camera was not known yet, or the step has not begun. */
  count: number | null;
  severities: Shares | null;
  /** Mean, weighted by count; null where there is none. */
  confidence: number | null;
}

export interface Row {
  key: string;
  name: string;
  total: number;
  bars: readonly Bar[];
  severities: Shares | null;
}

export type Grouping = "type" | "camera" | "each";

interface Point {
  start: number;
  count: number;
  severities: Shares | null;
  confidence: number | null;
}

interface Series {
  camera: string;
  type: string;
  points: Point[];
}

const pointAt = (
  text: string,
  count: number,
  severities: Shares | null,
  confidence: number | null,
): Point[] => {
  const start = instant(text);
  return start === null ? [] : [{ start, count, severities, confidence }];
};

export const seriesOfObjects = (counts: ObjectCounts): Series[] =>
  counts.series.map(({ camera, object, points }) => ({
    camera,
    type: titled(object),
    points: points.flatMap(([at, count, confidence]) => pointAt(at, count, null, confidence)),
  }));

export const seriesOfEvents = (counts: EventCounts): Series[] =>
  counts.series.map(({ camera, kind, points }) => ({
    camera,
    type: kindName(kind),
    points: points.flatMap(([at, count, severities]) => pointAt(at, count, severities, null)),
  }));

const NOBODY: Bar = { count: null, severities: null, confidence: null };

/** Sums series up into rows, the largest first. */
export function rowsOf(
  series: readonly Series[],
  grouping: Grouping,
  frame: Frame,
  cameraName: (id: string) => string,
): Row[] {
  const rows = new Map<string, { name: string; bars: Bar[] }>();
  const places = new Map(frame.starts.map((start, index) => [start, index]));
  for (const { camera, type, points } of series) {
    const name = { type, camera: cameraName(camera), each: `${type}, ${cameraName(camera)}` }[grouping];
    const row = rows.get(name) ?? { name, bars: frame.starts.map(() => NOBODY) };
    rows.set(name, row);
    for (const point of points) {
      const index = places.get(point.start);
      if (index !== undefined) row.bars[index] = sum(row.bars[index] ?? NOBODY, point);
    }
  }
  return [...rows].map(([key, row]) => whole(key, row.name, row.bars)).sort(bySize);
}

const bySize = (a: Row, b: Row) => b.total - a.total || a.name.localeCompare(b.name);

function sum(bar: Bar, point: Omit<Point, "start">): Bar {
  const count = (bar.count ?? 0) + point.count;
  const weighed = (bar.confidence ?? 0) * (bar.count ?? 0) + (point.confidence ?? 0) * point.count;
  const hasConfidence = bar.confidence !== null || point.confidence !== null;
  return {
    count,
    severities: point.severities ? plus(bar.severities, point.severities) : bar.severities,
    confidence: hasConfidence && count > 0 ? weighed / count : null,
  };
}

export const plus = (a: Shares | null, b: Shares): Shares =>
  a ? [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]] : b;

function whole(key: string, name: string, bars: readonly Bar[]): Row {
  let severities: Shares | null = null;
  for (const bar of bars) if (bar.severities) severities = plus(severities, bar.severities);
  return { key, name, bars, severities, total: bars.reduce((all, { count }) => all + (count ?? 0), 0) };
}

/** A round figure at or above the highest bar: the top of the scale. */
export function scaleOf(rows: readonly Row[]): number {
  const highest = Math.max(1, ...rows.flatMap(({ bars }) => bars.map(({ count }) => count ?? 0)));
  const power = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((top) => top >= highest) ?? highest;
}
