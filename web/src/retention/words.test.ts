import { describe, expect, it } from "vitest";
import type { CameraRules, Going } from "../api/retention-types";
import { byDay, changesOf, daysSay, goingSays, typedDays } from "./words";

const GATE: CameraRules = {
  camera: "gate",
  name: "Gate",
  rules: [{ data_class: "raw_footage", keep_days: 30, origin: "camera" }],
};
const GOING: Going = {
  camera: "gate",
  data_class: "raw_footage",
  from: "2026-12-02T08:00:00Z",
  to: "2026-12-03T08:00:00Z",
  reason: "older than 30 d",
  is_at_most: false,
  segments: 1204,
  bytes: 1e9,
  oldest: "2026-11-01T08:00:00Z",
  newest: "2026-11-02T08:00:00Z",
};

describe("typed days", () => {
  it("are whole and possible, or none", () => {
    expect(typedDays("14")).toBe(14);
    expect(["", "0", "3651", "1.5", "x", "-3"].map(typedDays)).toEqual([null, null, null, null, null, null]);
    expect([daysSay(30), daysSay(7.25)]).toEqual(["30 d", "7.3 d"]);
  });

  it("are a change where they differ from what stands", () => {
    expect(changesOf([GATE], {})).toEqual({});
    expect(changesOf([GATE], { gate: "30" })).toEqual({});
    expect(changesOf([GATE], { gate: "14" })).toEqual({ gate: 14 });
    expect(changesOf([GATE], { gate: "" })).toBeNull();
  });
});

it("what goes is said in one sentence and sorted by day", () => {
  expect(goingSays([])).toBe("Nothing goes at once.");
  expect(goingSays([GOING])).toBe("1,204 segments of 1 camera go at once");
  const earlier = { ...GOING, from: "2026-12-01T08:00:00Z" };
  expect(byDay([GOING, earlier, GOING]).map(([from, items]) => [from, items.length])).toEqual([
    ["2026-12-01T08:00:00Z", 1],
    ["2026-12-02T08:00:00Z", 2],
  ]);
});
