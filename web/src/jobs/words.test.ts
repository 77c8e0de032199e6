import { expect, it } from "vitest";
import type { Stint } from "../api/job-types";
import { scheduleWords, stateWords, tookWords } from "./words";

const STINT: Stint = {
  id: 1,
  state: "running",
  due_at: null,
  asked_by: null,
  attempts: 0,
  progress: 0,
  detail: "",
  outcome: "",
  made_at: "2026-01-01T00:00:00Z",
  started_at: null,
  ended_at: null,
  next_at: null,
  is_ending: false,
};

it("a simple schedule is said in words, any other as it is written", () => {
  expect(scheduleWords("*/5 * * * *")).toBe("every 5 minutes");
  expect(scheduleWords("7 * * * *")).toBe("every hour at :07");
  expect(scheduleWords("0 2 * * *")).toBe("every day, 02:00 UTC");
  expect(scheduleWords("0 3 * * 0")).toBe("every Sunday, 03:00 UTC");
  expect(scheduleWords("0 4 1 * *")).toBe("on the 1. of the month, 04:00 UTC");
  expect(scheduleWords("0 4 1,15 * *")).toBe("0 4 1,15 * * (UTC)");
  expect(scheduleWords(null)).toBe("when it is asked for");
});

it("a state says how far a stint is and whether it is ending", () => {
  expect(stateWords({ ...STINT, progress: 0.4 })).toBe("Running, 40 %");
  expect(stateWords({ ...STINT, is_ending: true })).toBe("Ending");
  expect(stateWords({ ...STINT, state: "waiting", attempts: 1 })).toBe("Waiting to try again");
});

it("a duration is said only of what has begun and ended", () => {
  expect(tookWords(STINT)).toBe("");
  const ended = { ...STINT, started_at: "2026-01-01T00:00:00Z", ended_at: "2026-01-01T00:00:00.200Z" };
  expect(tookWords(ended)).toBe("under a second");
});
