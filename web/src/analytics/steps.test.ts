import { describe, expect, it } from "vitest";
import { axisMarks, frameOf, nextStep, startOfStep, stepFor, stepSays } from "./steps";

const BERLIN = "Europe/Berlin";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe("steps", () => {
  it("are as fine as the span can be read in", () => {
    expect([6 * HOUR, DAY, 7 * DAY, 31 * DAY, 366 * DAY].map(stepFor)).toEqual([
      "5m",
      "15m",
      "1h",
      "1d",
      "1w",
    ]);
  });

  it("begin at round minutes, at the site's midnight, on the site's Monday", () => {
    const at = Date.UTC(2026, 10, 25, 12, 3, 20);
    expect(startOfStep("15m", at, BERLIN)).toBe(Date.UTC(2026, 10, 25, 12));
    expect(startOfStep("1d", at, BERLIN)).toBe(Date.UTC(2026, 10, 24, 23));
    expect(startOfStep("1w", at, BERLIN)).toBe(Date.UTC(2026, 10, 22, 23));
    expect(startOfStep("1w", Date.UTC(2026, 10, 22, 23), BERLIN)).toBe(Date.UTC(2026, 10, 22, 23));
  });

  it("make days of 23 and 25 hours where clocks change", () => {
    const long = Date.UTC(2026, 9, 24, 22);
    expect(nextStep("1d", long, BERLIN) - long).toBe(25 * HOUR);
    const short = Date.UTC(2026, 2, 28, 23);
    expect(nextStep("1d", short, BERLIN) - short).toBe(23 * HOUR);
    const week = startOfStep("1w", long, BERLIN);
    expect(nextStep("1w", week, BERLIN) - week).toBe(7 * DAY + HOUR);
    expect(startOfStep("1w", nextStep("1w", week, BERLIN) - 1, BERLIN)).toBe(week);
  });

  it("cover a span whole", () => {
    const frame = frameOf("1h", Date.UTC(2026, 10, 25, 12, 30), Date.UTC(2026, 10, 25, 14, 1), "UTC");
    expect(frame.starts).toEqual([12, 13, 14].map((hour) => Date.UTC(2026, 10, 25, hour)));
    expect(frame.end).toBe(Date.UTC(2026, 10, 25, 15));
  });

  it("say themselves in the site's zone", () => {
    const frame = frameOf("15m", Date.UTC(2026, 10, 25, 12), Date.UTC(2026, 10, 25, 13), BERLIN);
    expect(stepSays(frame, 3, BERLIN)).toBe("Wed 25 Nov 2026, 13:45 to 14:00");
    expect(stepSays(frame, 9, BERLIN)).toBe("");
  });
});

describe("the axis", () => {
  it("has a handful of round times, midnight as the day", () => {
    const day = frameOf("15m", Date.UTC(2026, 10, 24, 12), Date.UTC(2026, 10, 25, 12), "UTC");
    const marks = axisMarks(day, "UTC", 10);
    expect(marks.map(({ text }) => text)).toEqual([
      "12:00",
      "15:00",
      "18:00",
      "21:00",
      "25 Nov",
      "03:00",
      "06:00",
      "09:00",
    ]);
    expect(marks.filter(({ isMajor }) => isMajor)).toHaveLength(1);
  });

  it("has days where steps are days", () => {
    const month = frameOf("1d", Date.UTC(2026, 10, 1), Date.UTC(2026, 10, 29), "UTC");
    expect(axisMarks(month, "UTC", 7).map(({ text }) => text)).toEqual([
      "1 Nov",
      "5 Nov",
      "9 Nov",
      "13 Nov",
      "17 Nov",
      "21 Nov",
      "25 Nov",
    ]);
  });
});
