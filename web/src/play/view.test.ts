import { describe, expect, it } from "vitest";
import {
  follow,
  keyStep,
  LONGEST_MS,
  lengthOf,
  pan,
  SHORTEST_MS,
  stretchFor,
  ticks,
  timeAt,
  viewAround,
  xOf,
  zoom,
} from "./view";

const T = Date.UTC(2026, 10, 25, 14, 0, 0);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe("a view", () => {
  it("maps instants to pixels and back", () => {
    const view = { start: T, end: T + HOUR };
    expect(xOf(view, 600, T + HOUR / 2)).toBe(300);
    expect(timeAt(view, 600, 300)).toBe(T + HOUR / 2);
  });

  it("keeps the instant under the pointer in place while zooming", () => {
    const view = { start: T, end: T + HOUR };
    const anchor = T + HOUR / 4;
    const closer = zoom(view, 0.5, anchor);
    expect(lengthOf(closer)).toBe(HOUR / 2);
    expect(xOf(closer, 600, anchor)).toBeCloseTo(xOf(view, 600, anchor), 6);
  });

  it("goes no closer than some seconds and no further than a year", () => {
    let view = { start: T, end: T + HOUR };
    for (let i = 0; i < 40; i += 1) view = zoom(view, 0.5, T);
    expect(lengthOf(view)).toBe(SHORTEST_MS);
    for (let i = 0; i < 60; i += 1) view = zoom(view, 2, T);
    expect(lengthOf(view)).toBe(LONGEST_MS);
  });

  it("moves without changing its length", () => {
    expect(pan({ start: 0, end: 10 }, 5)).toEqual({ start: 5, end: 15 });
  });

  it("follows the picture only when it nears an edge", () => {
    const view = { start: T, end: T + HOUR };
    expect(follow(view, T + HOUR / 2)).toBe(view);
    const moved = follow(view, T + HOUR - 1000);
    expect(xOf(moved, 100, T + HOUR - 1000)).toBeCloseTo(20, 3);
    const back = follow(view, T - HOUR);
    expect(xOf(back, 100, T - HOUR)).toBeCloseTo(80, 3);
  });

  it("asks for a stretch that covers it and stays the same for small moves", () => {
    const view = viewAround(T, DAY);
    const stretch = stretchFor(view);
    expect(stretch.start).toBeLessThanOrEqual(view.start);
    expect(stretch.end).toBeGreaterThanOrEqual(view.end);
    expect(lengthOf(stretch)).toBeLessThanOrEqual(2 * DAY);
    expect(stretchFor(pan(view, 60_000))).toEqual(stretch);
  });

  it("moves by round steps on a key", () => {
    expect(keyStep({ start: T, end: T + 60_000 })).toBe(1000);
    expect(keyStep({ start: T, end: T + HOUR })).toBe(30_000);
    expect(keyStep({ start: T, end: T + LONGEST_MS })).toBe(DAY);
  });
});

describe("ticks", () => {
  it("lie on round instants of the local clock", () => {
    const found = ticks({ start: T, end: T + HOUR }, 900, "Asia/Kathmandu");
    expect(found.map(({ text }) => text)).toContain("20:00");
    expect(found.every(({ text }) => /:[0-5]0$/.test(text))).toBe(true);
  });

  it("name the day at midnight", () => {
    const found = ticks(viewAround(Date.UTC(2026, 10, 25), 6 * HOUR), 900, "UTC");
    expect(found.find(({ isMajor }) => isMajor)?.text).toBe("25 Nov");
  });

  it("never crowd, at any zoom", () => {
    for (let length = SHORTEST_MS; length <= LONGEST_MS; length *= 1.7) {
      for (const width of [320, 1200]) {
        const view = viewAround(T, length);
        const found = ticks(view, width, "Europe/Berlin");
        expect(found.length).toBeGreaterThan(0);
        for (let i = 1; i < found.length; i += 1) {
          const apart = xOf(view, width, found[i]?.at ?? 0) - xOf(view, width, found[i - 1]?.at ?? 0);
          expect(apart).toBeGreaterThan(66);
        }
      }
    }
  });

  it("stay on local hours through the night when clocks go back", () => {
    const night = { start: Date.UTC(2026, 9, 24, 20), end: Date.UTC(2026, 9, 25, 20) };
    const found = ticks(night, 900, "Europe/Berlin");
    expect(found.filter(({ isMajor }) => isMajor)).toHaveLength(1);
    expect(found.every(({ at, isMajor }) => isMajor || at % HOUR === 0)).toBe(true);
  });
});
