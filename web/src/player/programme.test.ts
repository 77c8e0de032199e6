import { describe, expect, it } from "vitest";
import { covers, positionOf, wallTimeAt } from "./programme";

const T = Date.UTC(2026, 10, 25, 14);
// Ten seconds of footage, a gap of a minute, ten seconds more: the media clock does not know the gap.
const FRAGMENTS = [
  { start: 0, duration: 10, wallStartMs: T },
  { start: 10, duration: 10, wallStartMs: T + 70_000 },
];

describe("the two clocks", () => {
  it("agree within a fragment", () => {
    expect(wallTimeAt(FRAGMENTS, 4)).toBe(T + 4000);
    expect(positionOf(FRAGMENTS, T + 4000)).toBe(4);
  });

  it("part over a gap", () => {
    expect(wallTimeAt(FRAGMENTS, 12)).toBe(T + 72_000);
    expect(positionOf(FRAGMENTS, T + 72_000)).toBe(12);
  });

  it("lead from a moment in a gap to the first picture after it", () => {
    expect(positionOf(FRAGMENTS, T + 30_000)).toBe(10);
    expect(covers(FRAGMENTS, T + 30_000)).toBe(false);
    expect(covers(FRAGMENTS, T + 75_000)).toBe(true);
  });

  it("end with the footage", () => {
    expect(positionOf(FRAGMENTS, T + 80_000)).toBeNull();
    expect(wallTimeAt(FRAGMENTS, 25)).toBeNull();
  });
});
