import type { EventKind, Rule, RuleText } from "../api/event-types";
import { ApiProblem } from "../api/problem";

export const NEW_RULE: RuleText = {
  name: "",
  kind: "line_cross",
  objects: ["person"],
  points: [],
  direction: "any",
  severity: 2,
  anchor: "foot",
  is_enabled: true,
};

/** A stored rule as the form edits it. */
export const draftOf = ({ id: _id, version: _version, lacking: _lacking, ...text }: Rule): RuleText => text;

/** Another kind keeps its points where it has some; a rule about the whole picture has none. */
export const withKind = (text: RuleText, kind: EventKind): RuleText => ({
  ...text,
  kind,
  points: kind === "object" ? [] : text.points,
  direction: kind === "line_cross" ? text.direction : "any",
});

export type RuleField = "name" | "objects" | "points" | "";

/** Beside which field a fault of the server belongs; "" under the whole form. */
export function fieldOf(error: unknown): RuleField {
  if (!(error instanceof ApiProblem)) return "";
  const { field } = error;
  if (field === "name" || field === "objects" || field === "points") return field;
  // Zones and lines tell in their sentence which of their points is meant.
  return error.status === 422 && /\b(zone|line)\b/.test(error.message) ? "points" : "";
}
