import { expect, it } from "vitest";
import type { Rule } from "../api/event-types";
import { ApiProblem } from "../api/problem";
import { draftOf, fieldOf, NEW_RULE, withKind } from "./rule-draft";

it("a rule is sent back without what only the server sets", () => {
  const rule: Rule = { ...NEW_RULE, id: "1", version: 3, lacking: ["boat"], name: "Gate" };
  expect(draftOf(rule)).toEqual({ ...NEW_RULE, name: "Gate" });
});

it("a rule about the whole picture has neither points nor a direction", () => {
  const line = {
    ...NEW_RULE,
    points: [
      [0, 0],
      [1, 1],
    ] as [number, number][],
    direction: "left_to_right" as const,
  };
  expect(withKind(line, "object")).toMatchObject({ points: [], direction: "any" });
  expect(withKind(line, "zone_visit")).toMatchObject({ points: line.points, direction: "any" });
});

it("a fault stands beside what it is about", () => {
  const crossing = new ApiProblem(422, "Not valid", "The zone crosses itself: draw it without crossing.");
  expect(fieldOf(crossing)).toBe("points");
  expect(fieldOf(new ApiProblem(422, "Not valid", "The model that runs cannot find boat.", "objects"))).toBe(
    "objects",
  );
  expect(fieldOf(new ApiProblem(409, "Conflict", "The line of rules is full."))).toBe("");
  expect(fieldOf(new Error("no"))).toBe("");
});
