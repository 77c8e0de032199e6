import { describe, expect, it } from "vitest";
import type { Timeline } from "../api/types";
import {
  footageFrom,
  nextRecording,
  previousRecording,
  recordings,
  saying,
  stretchAt,
  stretchesOf,
} from "./spans";

const T = Date.UTC(2026, 10, 25, 14);
const at = (seconds: number) => new Date(T + seconds * 1000).toISOString();
const timeline = (changes: Partial<Timeline>): Timeline => ({
  from: at(0),
  to: at(100),
  known_since: at(0),
  oldest: at(0),
  newest: at(100),
  spans: [],
  bucket_s: null,
  buckets: [],
  ...changes,
});
const SPANS = stretchesOf(
  timeline({
    spans: [
      { from: at(0), to: at(30), coverage: "recorded" },
      { from: at(30), to: at(50), coverage: "gap", cause: "unreachable", detail: "No answer from 10.0.0.7." },
      { from: at(50), to: at(80), coverage: "recorded" },
      { from: at(80), to: at(90), coverage: "open" },
      { from: at(90), to: at(100), coverage: "ahead" },
    ],
  }),
  T,
);

describe("spans", () => {
  it("say what happened, with the cause of a gap", () => {
    expect(saying(stretchAt(SPANS, T + 10_000))).toBe("Recorded");
    expect(saying(stretchAt(SPANS, T + 40_000))).toBe("Gap: camera unreachable");
    expect(saying(stretchAt(SPANS, T + 85_000))).toBe("Being recorded");
    expect(saying(stretchAt(SPANS, T + 500_000))).toBe("");
  });

  it("say what nobody wants recorded, and that it is no gap", () => {
    const [quiet] = stretchesOf(
      timeline({
        spans: [{ from: at(0), to: at(30), coverage: "gap", cause: "nothing_moved", is_on_purpose: true }],
      }),
      T,
    );
    expect(saying(quiet)).toBe("Not recorded: nothing moved");
    expect(quiet?.coverage).toBe("unwanted");
  });

  it("lead from a gap to the footage after it", () => {
    expect(footageFrom(SPANS, T + 10_000)).toBe(T + 10_000);
    expect(footageFrom(SPANS, T + 40_000)).toBe(T + 50_000);
    expect(footageFrom(SPANS, T + 95_000)).toBeNull();
  });

  it("join into recordings, the open part included", () => {
    expect(recordings(SPANS)).toEqual([
      { start: T, end: T + 30_000 },
      { start: T + 50_000, end: T + 90_000 },
    ]);
    expect(nextRecording(SPANS, T + 10_000)).toBe(T + 50_000);
    expect(nextRecording(SPANS, T + 60_000)).toBeNull();
    expect(previousRecording(SPANS, T + 60_000)).toBe(T + 50_000);
    expect(previousRecording(SPANS, T + 51_000)).toBe(T);
  });

  it("are made of buckets where the stretch is long", () => {
    const found = stretchesOf(
      timeline({
        bucket_s: 50,
        known_since: at(50),
        buckets: [
          [at(0), 0, 0],
          [at(50), 0.5, 0],
          [at(100), 0, 0],
          [at(150), 0.5, 0.5],
          [at(200), 0, 1],
        ],
      }),
      T + 500_000,
    );
    expect(found.map(({ coverage }) => coverage)).toEqual([
      "before",
      "recorded",
      "gap",
      "recorded",
      "unwanted",
    ]);
    expect(found.map(({ lost }) => lost)).toEqual([0, 0.5, 1, 0, 0]);
    expect(saying(found[1])).toBe("50 % recorded");
  });

  it("count only what could have been recorded in the buckets where the camera was added, and now", () => {
    const found = stretchesOf(
      timeline({
        bucket_s: 100,
        known_since: at(80),
        buckets: [
          [at(0), 0.2, 0],
          [at(100), 0.25, 0],
          [at(200), 0, 0],
        ],
      }),
      T + 150_000,
    );
    expect(found.map(({ start, end }) => [start - T, end - T])).toEqual([
      [80_000, 100_000],
      [100_000, 150_000],
      [200_000, 300_000],
    ]);
    expect(found.map(({ coverage, share }) => [coverage, share])).toEqual([
      ["recorded", 1],
      ["recorded", 0.5],
      ["ahead", 0],
    ]);
  });
});
