// Rules and what goes, in words.
import type { CameraRules, Going, Rule } from "../api/retention-types";
import { counted } from "../parts/quantities";

export const classSays = (dataClass: string) => dataClass.replaceAll("_", " ");

const ORIGINS: Record<Rule["origin"], string> = {
  class: "default of the class",
  site: "set for the site",
  camera: "set for this camera",
  asked: "not saved",
};
export const originSays = (origin: Rule["origin"]) => ORIGINS[origin];

export const daysSay = (days: number) => `${Number.isInteger(days) ? days : days.toFixed(1)} d`;

export const ruleOf = (camera: CameraRules, dataClass: string) =>
  camera.rules.find((rule) => rule.data_class === dataClass);

/** The days that a person typed; null when they are none that can be asked for. */
export function typedDays(text: string): number | null {
  const days = Number(text);
  return /^\d{1,4}$/.test(text.trim()) && days >= 1 && days <= 3650 ? days : null;
}

/** What was typed differently from what stands. */
export function changesOf(
  rules: readonly CameraRules[],
  typed: Readonly<Record<string, string>>,
): Record<string, number> | null {
  const changes: Record<string, number> = {};
  for (const camera of rules) {
    const text = typed[camera.camera];
    if (text === undefined) continue;
    const days = typedDays(text);
    if (days === null) return null;
    if (days !== ruleOf(camera, "raw_footage")?.keep_days) changes[camera.camera] = days;
  }
  return changes;
}

/** "Nothing goes at once." or "1,204 segments go at once …" */
export function goingSays(going: readonly Going[]): string {
  const segments = going.reduce((sum, each) => sum + each.segments, 0);
  if (segments === 0) return "Nothing goes at once.";
  const cameras = counted(new Set(going.map((each) => each.camera)).size, "camera");
  return `${segments.toLocaleString("en-GB")} segments of ${cameras} go at once`;
}

/** Day by day in order, each with what goes on it. */
export function byDay(going: readonly Going[]): [from: string, items: Going[]][] {
  const days = new Map<string, Going[]>();
  for (const each of going) days.set(each.from, [...(days.get(each.from) ?? []), each]);
  return [...days].sort(([a], [b]) => a.localeCompare(b));
}
