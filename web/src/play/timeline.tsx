import { useEffect, useRef, useState } from "preact/hooks";
import { type Held, heldSays } from "../parts/holding";
import { clock, moment, utc, weekday } from "../time/format";
import { useZone } from "../time/zone";
import { paint } from "./paint";
import { type Stretch, saying, stretchAt } from "./spans";
import { usePointers } from "./use-pointers";
import { keyStep, lengthOf, type View, viewAround, zoom } from "./view";

interface TimelineProps {
  name: string;
  view: View;
  onView: (view: View) => void;
  stretches: readonly Stretch[];
  /** What is kept whatever the policies say. */
  held: readonly Held[];
  /** The picture on show. */
  at: number | null;
  oldest: number | null;
  newest: number | null;
  onPick: (ms: number) => void;
}

const ZOOM_KEY = 1.5;

/** The continuous timeline of one camera: wheel, pinch and keys zoom and move it, a click or Enter plays. */
export function TimelineBar(props: TimelineProps) {
  const { name, view, onView, stretches, held, at, oldest, newest, onPick } = props;
  const zone = useZone();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [marker, setMarker] = useState<number | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const redraw = useRedraw(box);
  const now = Date.now();
  const cursor = marker ?? at ?? (view.start + view.end) / 2;
  const pointed = hover ?? marker;
  usePointers(box, {
    view,
    onView,
    onHover: setHover,
    onPick: (ms) => {
      setMarker(null);
      onPick(ms);
    },
  });

  useEffect(() => {
    if (canvas.current) paint(canvas.current, { view, stretches, held, at, marker: pointed, now, zone });
  }, [view, stretches, held, at, pointed, zone, redraw]);

  const move = (ms: number) => {
    const limited = Math.min(ms, now);
    setMarker(limited);
    if (limited < view.start || limited > view.end) onView(viewAround(limited, lengthOf(view)));
  };
  const press = (event: KeyboardEvent) => {
    const act = keysFor(event.shiftKey)[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  const keysFor = (isFar: boolean): Record<string, () => void> => {
    const step = keyStep(view) * (isFar ? 10 : 1);
    return {
      ArrowLeft: () => move(cursor - step),
      ArrowDown: () => move(cursor - step),
      ArrowRight: () => move(cursor + step),
      ArrowUp: () => move(cursor + step),
      PageDown: () => move(cursor - lengthOf(view) / 4),
      PageUp: () => move(cursor + lengthOf(view) / 4),
      Home: () => move(oldest ?? view.start),
      End: () => move(newest ?? now),
      "+": () => onView(zoom(view, 1 / ZOOM_KEY, cursor)),
      "=": () => onView(zoom(view, 1 / ZOOM_KEY, cursor)),
      "-": () => onView(zoom(view, ZOOM_KEY, cursor)),
      Enter: () => {
        setMarker(null);
        onPick(cursor);
      },
      Escape: () => setMarker(null),
    };
  };
  const told = pointed ?? at;
  // The newest picture may be newer than the last answer about it.
  const found = told === null ? undefined : stretchAt(stretches, told);
  const under = pointed === null && found?.coverage === "ahead" ? undefined : found;
  return (
    <>
      <p class="readout">
        <span class="number">
          {pointed === null
            ? under
              ? "Now shown:"
              : ""
            : `${weekday(pointed, zone)} ${clock(pointed, zone)}`}
        </span>
        <span class={`what ${under?.coverage ?? ""}`}>{saying(under)}</span>
        <span class="quiet">{under?.detail}</span>
        <span class="held">{told === null ? "" : heldSays(held, told)}</span>
      </p>
      <div
        ref={box}
        class="timeline"
        role="slider"
        tabIndex={0}
        aria-label={`Timeline of ${name}`}
        aria-orientation="horizontal"
        aria-valuemin={Math.round((oldest ?? view.start) / 1000)}
        aria-valuemax={Math.round(now / 1000)}
        aria-valuenow={Math.round(cursor / 1000)}
        aria-valuetext={[moment(cursor, zone), saying(stretchAt(stretches, cursor)), heldSays(held, cursor)]
          .filter(Boolean)
          .join(", ")}
        title={told === null ? undefined : utc(told)}
        onKeyDown={press}
        onBlur={() => setMarker(null)}
      >
        <canvas ref={canvas} />
      </div>
    </>
  );
}

/** A number that grows whenever the canvas must be drawn anew: other size, other theme. */
function useRedraw(box: { current: HTMLElement | null }): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    if (!box.current) return;
    const again = () => setCount((n) => n + 1);
    const observer = new ResizeObserver(again);
    observer.observe(box.current);
    const scheme = matchMedia("(prefers-color-scheme: light)");
    scheme.addEventListener("change", again);
    window.addEventListener("themechange", again);
    return () => {
      observer.disconnect();
      scheme.removeEventListener("change", again);
      window.removeEventListener("themechange", again);
    };
  }, []);
  return count;
}
