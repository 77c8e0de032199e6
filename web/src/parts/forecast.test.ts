import { describe, expect, it } from "vitest";
import type { CameraForecast, Forecast, TierForecast } from "../api/retention-types";
import { dayMarks, daysAhead, fullSays, missSays, plotOf, reachedSays, stepSays } from "./forecast";

const AT = "2026-12-01T08:00:00.000000Z";
const TIER: TierForecast = {
  name: "hot",
  capacity_bytes: 4e12,
  line: [
    [AT, 1e12, 1e12, 1e12],
    ["2026-12-02T08:00:00Z", 1.5e12, 2e12, 2.5e12],
    ["2026-12-03T08:00:00Z", 2e12, 3e12, 4e12],
  ],
  full_at: null,
  full_from: null,
  full_until: null,
};
const CAMERA: CameraForecast = {
  camera: "gate",
  name: "Gate",
  keep_days: 30,
  known_h: 240,
  bytes_per_day: 4e10,
  steps: [],
  line: [],
  reached_at: "2026-12-14T08:00:00Z",
  days: 30,
  days_low: 30,
};
const FORECAST: Forecast = {
  at: AT,
  spread: 0.04,
  days_known: 21,
  tiers: [TIER],
  classes: [],
  cameras: [CAMERA],
  unknown: [],
  miss: null,
};

describe("when a tier is full", () => {
  it("is said with its band", () => {
    const full = { ...TIER, full_at: "2026-12-14T10:00:00Z" };
    expect(
      fullSays(
        { ...full, full_from: "2026-12-12T00:00:00Z", full_until: "2026-12-17T00:00:00Z" },
        FORECAST,
        "UTC",
      ),
    ).toBe("full on 14 Dec 2026, between 12 Dec 2026 and 17 Dec 2026");
    expect(fullSays({ ...full, full_from: "2026-12-12T00:00:00Z" }, FORECAST, "UTC")).toBe(
      "full on 14 Dec 2026, at the earliest on 12 Dec 2026",
    );
    expect(fullSays({ ...full, full_at: AT, full_from: AT, full_until: AT }, FORECAST, "UTC")).toBe("full");
  });

  it("is said of a tier that never is, and of what is not known", () => {
    expect(fullSays(TIER, FORECAST, "UTC")).toBe("never full: at most 3.0 TB of 4.0 TB");
    expect(fullSays({ ...TIER, full_from: "2026-12-12T00:00:00Z" }, FORECAST, "UTC")).toBe(
      "never full: at most 3.0 TB of 4.0 TB, though it may be from 12 Dec 2026 on",
    );
    expect(fullSays({ ...TIER, capacity_bytes: null }, FORECAST, "UTC")).toBe("nothing bounds it");
    expect(fullSays(TIER, { ...FORECAST, spread: null }, "UTC")).toBe(
      "not enough data to say when it is full",
    );
  });
});

describe("a camera's retention", () => {
  it("is reached, will be, is not, or is not known", () => {
    const says = (change: Partial<CameraForecast>) => reachedSays({ ...CAMERA, ...change }, AT, "UTC");
    expect(says({})).toBe("reached on 14 Dec 2026");
    expect(says({ reached_at: AT })).toBe("reached");
    expect(says({ reached_at: null, days: 22.41, days_low: 22.4 })).toBe("not reached: 22.4 d");
    expect(says({ reached_at: null, days: 22.41, days_low: 20.1 })).toBe(
      "not reached: 22.4 d (20.1 d if more comes)",
    );
    expect(says({ days: null, days_low: null, known_h: 5 })).toBe("not enough data (5 hours)");
  });

  it("tells the newest bitrate step", () => {
    expect(stepSays(CAMERA, "UTC")).toBe("");
    const steps = [
      { at: "2026-11-01T00:00:00Z", ratio: 0.5 },
      { at: "2026-11-21T14:00:00Z", ratio: 1.6 },
    ];
    expect(stepSays({ ...CAMERA, steps }, "UTC")).toBe("×1.60 since 21 Nov 2026");
  });
});

it("an earlier forecast says how far it was off", () => {
  const miss = {
    made_at: "2026-11-11T08:00:00Z",
    expected_bytes: 100,
    came_bytes: 109,
    miss: 0.095,
    of_steps: 0.091,
    days: 20,
  };
  expect(missSays(FORECAST, "UTC")).toBe("");
  expect(missSays({ ...FORECAST, miss }, "UTC")).toBe(
    "A forecast of 11 Nov 2026 would have been off by +9.5 %, +9.1 % of it for bitrate steps since.",
  );
  expect(missSays({ ...FORECAST, miss: { ...miss, miss: -0.02, of_steps: 0 } }, "UTC")).toBe(
    "A forecast of 11 Nov 2026 would have been off by −2.0 %.",
  );
});

describe("the chart", () => {
  it("draws the band around the line below the limit", () => {
    const plot = plotOf({ ...TIER, capacity_bytes: 5e12 });
    expect(plot.top).toBeCloseTo(5.3e12);
    expect(plot.limit).toBeCloseTo(100 - 100 / 1.06);
    expect(plot.line.split(" ")).toHaveLength(3);
    expect(plot.band.split(" ")).toHaveLength(6);
    expect(plot.line.endsWith(`100.000,${(100 - (3 / 5.3) * 100).toFixed(3)}`)).toBe(true);
  });

  it("leaves a limit out that is far away", () => {
    expect(plotOf({ ...TIER, capacity_bytes: 1e15 }).limit).toBeNull();
    expect(plotOf({ line: [], capacity_bytes: null }).line).toBe("");
  });

  it("writes few days under it", () => {
    expect(dayMarks(TIER.line, 2).map(({ index }) => index)).toEqual([0, 2]);
    expect(daysAhead(FORECAST, "2026-12-03T08:00:00Z")).toBe(2);
  });
});
