import { describe, expect, it } from "vitest";
import type { EventCounts, ObjectCounts } from "../api/event-types";
import { rowsOf, scaleOf, seriesOfEvents, seriesOfObjects } from "./rows";
import { frameOf } from "./steps";

const NINE = Date.UTC(2026, 10, 25, 9);
const FRAME = frameOf("1h", NINE, NINE + 3 * 3_600_000, "UTC");
const AT = ["2026-11-25T09:00:00Z", "2026-11-25T10:00:00Z", "2026-11-25T11:00:00Z"] as const;
const name = (id: string) => id.toUpperCase();

const OBJECTS = {
  series: [
    {
      camera: "gate",
      object: "person",
      points: [
        [AT[0], 4, 0.9],
        [AT[1], 0, null],
      ],
    },
    { camera: "yard", object: "person", points: [[AT[0], 1, 0.4]] },
    { camera: "yard", object: "car", points: [[AT[2], 9, 0.8]] },
  ],
} as unknown as ObjectCounts;

describe("rows", () => {
  it("sum cameras up by object, the largest first", () => {
    const rows = rowsOf(seriesOfObjects(OBJECTS), "type", FRAME, name);
    expect(rows.map((row) => [row.name, row.total])).toEqual([
      ["Car", 9],
      ["Person", 5],
    ]);
    expect(rows[1]?.bars[0]?.confidence).toBeCloseTo(0.8);
  });

  it("tell nothing from nobody who looked", () => {
    const person = rowsOf(seriesOfObjects(OBJECTS), "type", FRAME, name)[1];
    expect(person?.bars.map(({ count }) => count)).toEqual([5, 0, null]);
  });

  it("can be cameras, or each pair", () => {
    expect(rowsOf(seriesOfObjects(OBJECTS), "camera", FRAME, name).map((row) => row.name)).toEqual([
      "YARD",
      "GATE",
    ]);
    expect(rowsOf(seriesOfObjects(OBJECTS), "each", FRAME, name)).toHaveLength(3);
  });

  it("carry how grave events were", () => {
    const counts = {
      series: [
        {
          camera: "gate",
          kind: "line_cross",
          points: [
            [AT[0], 3, [0, 2, 1, 0]],
            [AT[1], 1, [0, 0, 0, 1]],
          ],
        },
        { camera: "yard", kind: "line_cross", points: [[AT[0], 1, [1, 0, 0, 0]]] },
      ],
    } as unknown as EventCounts;
    const [row] = rowsOf(seriesOfEvents(counts), "type", FRAME, name);
    expect(row?.severities).toEqual([1, 2, 1, 1]);
    expect(row?.bars[0]?.severities).toEqual([1, 2, 1, 0]);
  });

  it("are drawn to a round scale", () => {
    const rows = rowsOf(seriesOfObjects(OBJECTS), "type", FRAME, name);
    expect(scaleOf(rows)).toBe(10);
    expect(scaleOf([])).toBe(1);
  });
});
