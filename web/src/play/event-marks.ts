// Events as marks under the timeline: those that would cover one another become one.
import type { CameraEvent, Severity } from "../api/event-types";
import { directionName, kindName, lasted, objectsName } from "../parts/happening";
import { counted } from "../parts/quantities";
import { severityName } from "../parts/severity";
import { clock, instant, weekday } from "../time/format";
import { type View, xOf } from "./view";

export interface EventMark {
  /** Of its first event. */
  id: string;
  at: number;
  x: number;
  severity: Severity;
  events: readonly CameraEvent[];
}

/** A sign of 12 pixels and a rim, and a target large enough to hit. */
export const APART_PX = 24;

/** The marks of a view, in order of time; a mark stands where its first event begins and is as grave as its gravest. */
export function marksOf(events: readonly CameraEvent[], view: View, width: number): EventMark[] {
  const marks: { at: number; x: number; events: CameraEvent[] }[] = [];
  for (const event of inOrder(events)) {
    const at = instant(event.started_at);
    if (at === null || at < view.start || at >= view.end) continue;
    const x = xOf(view, width, at);
    const last = marks.at(-1);
    if (last && x - last.x < APART_PX) last.events.push(event);
    else marks.push({ at, x, events: [event] });
  }
  return marks.map((mark) => ({
    ...mark,
    id: mark.events[0]?.id ?? "",
    severity: Math.max(...mark.events.map(({ severity }) => severity)) as Severity,
  }));
}

const inOrder = (events: readonly CameraEvent[]) =>
  events.toSorted((a, b) => (instant(a.started_at) ?? 0) - (instant(b.started_at) ?? 0));

/** "Person, line crossed from left to right; alert; Wed 25 Nov 2026 14:03:20, 8 s" */
export function markSays(mark: EventMark, zone: string, now: number): string {
  const when = `${weekday(mark.at, zone)} ${clock(mark.at, zone)}`;
  const [event] = mark.events;
  const severity = severityName(mark.severity).toLowerCase();
  if (!event || mark.events.length > 1) {
    const objects = objectsName([...new Set(mark.events.map(({ object }) => object))]).toLowerCase();
    return `${counted(mark.events.length, "event")}: ${objects}; at most ${severity}; from ${when}`;
  }
  const what = `${kindName(event.kind).toLowerCase()} ${directionName(event.direction)}`.trim();
  return `${objectsName([event.object])}, ${what}; ${severity}; ${when}, ${lasted(mark.at, instant(event.ended_at), now)}`;
}

/** The event to jump to from an instant; null when there is none that way. */
export function neighbour(events: readonly CameraEvent[], ms: number, direction: 1 | -1): number | null {
  // A jump lands a little before its event, so that the next press goes on instead of back to the same.
  const settledMs = 3000;
  const starts = inOrder(events).flatMap(({ started_at }) => instant(started_at) ?? []);
  return (
    (direction > 0
      ? starts.find((start) => start > ms + settledMs)
      : starts.findLast((start) => start < ms - settledMs)) ?? null
  );
}
