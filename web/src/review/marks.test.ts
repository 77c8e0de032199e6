import { expect, it } from "vitest";
import type { Incident } from "../api/event-types";
import { marksFor } from "./marks";

const NEW = { seen_at: null, verdict: null, archived_by: null } as Incident;

it("who judges has seen", () => {
  expect(marksFor(NEW, "true")).toEqual({ verdict: "true", seen: true });
  expect(marksFor({ ...NEW, verdict: "true" }, "false")).toEqual({ verdict: "false", seen: true });
});

it("the same mark again takes it back", () => {
  expect(marksFor({ ...NEW, verdict: "false" }, "false")).toEqual({ verdict: null });
  expect(marksFor({ ...NEW, seen_at: "2026-11-25T12:00:00Z" }, "seen")).toEqual({ seen: false });
  expect(marksFor(NEW, "seen")).toEqual({ seen: true });
  expect(marksFor(NEW, "archived")).toEqual({ archived: true });
  expect(marksFor({ ...NEW, archived_by: "ada" }, "archived")).toEqual({ archived: false });
});
