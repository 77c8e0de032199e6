// What happened, in the words of the page.
import type { Direction, EventKind } from "../api/event-types";
import { length } from "../time/format";
import { spoken, titled } from "./words";

export const KINDS: readonly EventKind[] = ["object", "zone_visit", "line_cross"];

const KIND_NAMES: Record<EventKind, string> = {
  object: "Appeared",
  zone_visit: "In a zone",
  line_cross: "Line crossed",
};

export const kindName = (kind: EventKind) => KIND_NAMES[kind] ?? titled(kind);

/** "Person", "Person and car", "Person, car and dog" */
export function objectsName(objects: readonly string[]): string {
  const words = objects.map(spoken);
  const last = words.at(-1);
  if (last === undefined) return "Something";
  return titled(words.length === 1 ? last : `${words.slice(0, -1).join(", ")} and ${last}`);
}

/** "appeared, line crossed": each kind once, in a fixed order. */
export const kindsName = (kinds: readonly EventKind[]) =>
  titled(
    KINDS.filter((kind) => kinds.includes(kind))
      .map((kind) => kindName(kind).toLowerCase())
      .join(", "),
  );

/** "from left to right"; "" where there is no direction. */
export const directionName = (direction: Direction | null) =>
  direction === null || direction === "any" ? "" : `from ${spoken(direction)}`;

/** How long something lasted, or has lasted so far. */
export function lasted(startMs: number | null, endMs: number | null, nowMs: number): string {
  if (startMs === null) return "";
  if (endMs === null) return `going on for ${length((nowMs - startMs) / 1000)}`;
  const seconds = (endMs - startMs) / 1000;
  return seconds < 1 ? "a moment" : length(seconds);
}

const ENDS: Record<string, string> = {
  left: "it left the zone",
  gone: "it was not seen any more",
  resting: "it stood still for so long that it belongs to the scene",
  passed: "over as it happened",
  rule_changed: "its rule was changed",
  camera_lost: "the camera sent no more pictures",
  restart: "the analyst was restarted and did not find it again",
};

export const endName = (reason: string | null) => (reason ? (ENDS[reason] ?? spoken(reason)) : "");

const FLAGS: Record<string, string> = {
  clipped: "its foot was below the picture, so the place is a guess",
  gap: "nobody looked for more than three seconds meanwhile",
};

export const flagName = (flag: string) => FLAGS[flag] ?? spoken(flag);

export const GROUPS = ["person", "vehicle", "cycle", "animal"] as const;

const MEMBERS: Record<string, readonly string[]> = {
  person: ["person", "rider"],
  vehicle: ["vehicle", "car", "truck", "bus", "train", "boat"],
  cycle: ["bicycle", "motorcycle"],
  animal: ["bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"],
};

/** The groups of which a model finds at least one member; all of them while the model is not known. */
export const groupsOf = (types: readonly string[]): string[] =>
  GROUPS.filter((group) => types.length === 0 || MEMBERS[group]?.some((type) => types.includes(type)));
