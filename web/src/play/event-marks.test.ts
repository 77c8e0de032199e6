import { describe, expect, it } from "vitest";
import type { CameraEvent } from "../api/event-types";
import { markSays, marksOf, neighbour } from "./event-marks";

const NOON = Date.UTC(2026, 10, 25, 12);
const VIEW = { start: NOON, end: NOON + 1000_000 };

const event = (seconds: number, part: Partial<CameraEvent> = {}) =>
  ({
    id: `e${seconds}`,
    kind: "object",
    object: "person",
    severity: 1,
    direction: null,
    started_at: new Date(NOON + seconds * 1000).toISOString(),
    ended_at: new Date(NOON + seconds * 1000 + 8000).toISOString(),
    ...part,
  }) as CameraEvent;

describe("marks under the timeline", () => {
  it("stand where their events begin, whatever order the server has", () => {
    expect(marksOf([event(500), event(100)], VIEW, 1000).map(({ x }) => x)).toEqual([100, 500]);
  });

  it("become one, as grave as the gravest, where they would cover one another", () => {
    const marks = marksOf([event(100), event(110, { severity: 3 }), event(130)], VIEW, 1000);
    expect(marks.map(({ events, severity }) => [events.length, severity])).toEqual([
      [2, 3],
      [1, 1],
    ]);
  });

  it("leave out what lies outside the view", () => {
    expect(marksOf([event(-1), event(1000)], VIEW, 1000)).toEqual([]);
  });

  it("say what happened", () => {
    const crossing = event(100, { kind: "line_cross", direction: "left_to_right", severity: 2 });
    const [mark] = marksOf([crossing], VIEW, 1000);
    expect(mark && markSays(mark, "UTC", NOON)).toBe(
      "Person, line crossed from left to right; alert; Wed 25 Nov 2026 12:01:40, 8 s",
    );
    const [two] = marksOf([event(100), event(101, { object: "car" })], VIEW, 1000);
    expect(two && markSays(two, "UTC", NOON)).toBe(
      "2 events: person and car; at most notice; from Wed 25 Nov 2026 12:01:40",
    );
  });

  it("lead from one event to the next, and back", () => {
    const events = [event(300), event(100), event(200)];
    expect(neighbour(events, NOON + 100_000, 1)).toBe(NOON + 200_000);
    expect(neighbour(events, NOON + 199_000, 1)).toBe(NOON + 300_000);
    expect(neighbour(events, NOON + 199_000, -1)).toBe(NOON + 100_000);
    expect(neighbour(events, NOON + 400_000, 1)).toBeNull();
  });
});
