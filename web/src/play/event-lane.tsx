import { useEffect, useRef, useState } from "preact/hooks";
import type { CameraEvent } from "../api/event-types";
import { SeverityMark } from "../parts/severity";
import { useZone } from "../time/zone";
import { type EventMark, markSays, marksOf } from "./event-marks";
import type { View } from "./view";

interface LaneProps {
  name: string;
  view: View;
  events: readonly CameraEvent[];
  isCut: boolean;
  onPick: (ms: number) => void;
}

/** A picture or two before it begins, so that it is seen to begin. */
const LEAD_MS = 1500;

/** What was detected, under the time at which it began. One stop for the Tab key; arrow keys go from mark to mark. */
export function EventLane({ name, view, events, isCut, onPick }: LaneProps) {
  const zone = useZone();
  const lane = useRef<HTMLDivElement>(null);
  const width = useWidth(lane);
  const [said, setSaid] = useState("");
  const [place, setPlace] = useState("");
  const marks = width > 0 ? marksOf(events, view, width) : [];
  const stop = marks.some(({ id }) => id === place) ? place : marks.at(-1)?.id;
  const say = (mark: EventMark) => setSaid(markSays(mark, zone, Date.now()));
  const press = (event: KeyboardEvent) => {
    const here = marks.findIndex(({ id }) => id === stop);
    const moves: Record<string, number> = {
      ArrowLeft: here - 1,
      ArrowRight: here + 1,
      Home: 0,
      End: marks.length - 1,
    };
    const next = marks[Math.min(marks.length - 1, Math.max(0, moves[event.key] ?? -1))];
    if (!(event.key in moves) || !next) return;
    event.preventDefault();
    event.stopPropagation();
    setPlace(next.id);
    lane.current?.querySelector<HTMLElement>(`[data-event="${CSS.escape(next.id)}"]`)?.focus();
  };
  return (
    <>
      <div
        ref={lane}
        class="event-lane"
        role="toolbar"
        aria-label={`Events of ${name}`}
        onKeyDown={press}
        onPointerLeave={() => setSaid("")}
      >
        {marks.map((mark) => (
          <button
            key={mark.id}
            type="button"
            data-event={mark.id}
            tabIndex={mark.id === stop ? 0 : -1}
            style={{ left: `${mark.x}px` }}
            aria-label={markSays(mark, zone, Date.now())}
            onClick={() => onPick(mark.at - LEAD_MS)}
            onFocus={() => {
              setPlace(mark.id);
              say(mark);
            }}
            onBlur={() => setSaid("")}
            onPointerEnter={() => say(mark)}
          >
            <SeverityMark severity={mark.severity} />
            {mark.events.length > 1 && <small>{mark.events.length}</small>}
          </button>
        ))}
        {marks.length === 0 && <small class="quiet">No events in this time</small>}
      </div>
      <p class="said">
        {said && <span>{said}</span>}
        {!said && isCut && (
          <span class="quiet">Only the newest events of this time are marked; zoom in.</span>
        )}
      </p>
    </>
  );
}

function useWidth(element: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
