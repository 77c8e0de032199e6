import { describe, expect, it } from "vitest";
import type { PointShares } from "../api/event-types";
import { added, addedAfter, moved, placed, sidesOf, without } from "./points";

const SQUARE: PointShares[] = [
  [0.2, 0.2],
  [0.8, 0.2],
  [0.8, 0.8],
  [0.2, 0.8],
];

describe("a point", () => {
  it("stays in the picture, in round figures", () => {
    expect(placed(-0.3, 1.2)).toEqual([0, 1]);
    expect(placed(0.12345, 0.5)).toEqual([0.123, 0.5]);
  });

  it("goes to the end of a line, and into the nearest edge of a zone", () => {
    expect(
      added(
        [
          [0, 0],
          [1, 1],
        ],
        [0.5, 0],
        "line_cross",
        1,
      ).index,
    ).toBe(2);
    expect(added(SQUARE, [0.85, 0.5], "zone_visit", 1)).toEqual({
      points: [
        [0.2, 0.2],
        [0.8, 0.2],
        [0.85, 0.5],
        [0.8, 0.8],
        [0.2, 0.8],
      ],
      index: 2,
    });
    expect(added(SQUARE, [0.1, 0.5], "zone_visit", 1).index).toBe(4);
  });

  it("is nearest as the eye sees it on a wide picture", () => {
    const triangle: PointShares[] = [
      [0, 0],
      [1, 0],
      [0.5, 1],
    ];
    expect(added(triangle, [0.5, 0.35], "zone_visit", 16 / 9).index).toBe(1);
    expect(added(triangle, [0.5, 0.35], "zone_visit", 1).index).toBe(2);
  });

  it("comes half way to the next by keyboard, or further on at the end", () => {
    expect(addedAfter(SQUARE, 3, "zone_visit")).toEqual({ points: [...SQUARE, [0.2, 0.5]], index: 4 });
    expect(
      addedAfter(
        [
          [0.2, 0.5],
          [0.4, 0.5],
        ],
        1,
        "line_cross",
      ).points[2],
    ).toEqual([0.5, 0.5]);
    expect(
      addedAfter(
        [
          [0, 0.5],
          [1, 0.5],
        ],
        1,
        "line_cross",
      ).points[2],
    ).toEqual([0.9, 0.5]);
    expect(addedAfter([], 0, "line_cross").points).toEqual([[0.5, 0.5]]);
  });

  it("is moved and removed alone", () => {
    expect(moved(SQUARE, 1, [0.9, 0.1])[1]).toEqual([0.9, 0.1]);
    expect(without(SQUARE, 0)).toHaveLength(3);
    expect(SQUARE).toHaveLength(4);
  });
});

describe("the sides of a line", () => {
  it("are those of someone who walks along it", () => {
    const across = sidesOf(
      [
        [0.2, 0.5],
        [0.8, 0.5],
      ],
      1,
    );
    // Walking to the right of the picture, the right hand is below.
    expect(across).toMatchObject({ x: 0.5, y: 0.5, rightY: 1 });
    expect(across?.rightX).toBeCloseTo(0);
    expect(
      sidesOf(
        [
          [0.5, 0.2],
          [0.5, 0.8],
        ],
        1,
      )?.rightX,
    ).toBe(-1);
  });

  it("are found at the middle of its length", () => {
    const bent = sidesOf(
      [
        [0, 0],
        [0.1, 0],
        [0.1, 0.9],
      ],
      2,
    );
    expect(bent?.x).toBeCloseTo(0.2);
    expect(bent?.y).toBeCloseTo(0.35);
  });

  it("are nowhere while there is no line", () => {
    expect(sidesOf([[0.5, 0.5]], 1)).toBeNull();
    expect(
      sidesOf(
        [
          [0.5, 0.5],
          [0.5, 0.5],
        ],
        1,
      ),
    ).toBeNull();
  });
});
