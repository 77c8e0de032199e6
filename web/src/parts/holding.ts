// What is said of a hold, and where it lies on a timeline.
import type { Hold, HoldState } from "../api/hold-types";
import type { Camera } from "../api/types";
import { instant, moment } from "../time/format";

const STATES: Record<HoldState, string> = {
  standing: "holds",
  release_asked: "release asked for",
  released: "released",
  expired: "expired",
};

export const stateName = (state: HoldState) => STATES[state];

/** "Gate, Vault"; a camera that is gone keeps its id. */
export function camerasName(hold: Hold, cameras: readonly Camera[]): string {
  if (hold.cameras === null) return "every camera";
  return hold.cameras.map((id) => cameras.find((camera) => camera.id === id)?.name ?? id).join(", ");
}

/** "until 1 Jan 2027, 00:00:00", or that it needs two people. */
export function endSays(hold: Hold, zone: string): string {
  const ends = instant(hold.released_at ?? hold.expires_at);
  if (ends === null) return "until two people release it";
  return `${hold.state === "released" || hold.state === "expired" ? "ended" : "until"} ${moment(ends, zone)}`;
}

/** A held stretch of a timeline. */
export interface Held {
  id: string;
  start: number;
  end: number;
  reason: string;
}

export const heldOf = (holds: readonly Hold[]): Held[] =>
  holds.flatMap(({ id, from, to, reason }) => {
    const [start, end] = [instant(from), instant(to)];
    return start === null || end === null ? [] : [{ id, start, end, reason }];
  });

/** "held: police"; the reasons of all holds at an instant; empty where none is. */
export function heldSays(held: readonly Held[], ms: number): string {
  const reasons = held.filter(({ start, end }) => start <= ms && ms < end).map(({ reason }) => reason);
  return reasons.length === 0 ? "" : `held: ${[...new Set(reasons)].join("; ")}`;
}
