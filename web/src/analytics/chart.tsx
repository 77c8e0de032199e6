import { useRef, useState } from "preact/hooks";
import { severityName } from "../parts/severity";
import { useZone } from "../time/zone";
import { type Bar, type Row, scaleOf } from "./rows";
import { axisMarks, type Frame, stepSays } from "./steps";

interface ChartProps {
  name: string;
  frame: Frame;
  rows: readonly Row[];
  /** Steps that end later are not whole yet. */
  completeUntil: number;
  now: number;
  /** The step that is pointed at or picked, so that what is said of it can stand elsewhere. */
  picked: number | null;
  onPick: (index: number | null) => void;
}

const MOST_MARKS = 10;

/**
 * One strip of bars a row, all to one scale over one time axis; a pointer or the keys of a slider pick a step.
 */
export function Chart({ name, frame, rows, completeUntil, now, picked, onPick }: ChartProps) {
  const zone = useZone();
  const plot = useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const count = frame.starts.length;
  const top = scaleOf(rows);
  const last = frame.starts.findLastIndex((start) => start <= now);
  const chosen = hovered ?? picked;
  const said = picked ?? Math.max(0, last);
  const open = openFrom(frame, completeUntil);
  const begun = last + 1;
  // What would not fit before the edge is left out.
  const marks = axisMarks(frame, zone, MOST_MARKS).filter(({ index }) => index <= count * 0.95);
  const indexAt = (clientX: number) => {
    const box = plot.current?.getBoundingClientRect();
    if (!box) return null;
    return Math.min(last, Math.max(0, Math.floor(((clientX - box.left) / box.width) * count)));
  };
  const press = (event: KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowLeft: said - 1,
      ArrowDown: said - 1,
      ArrowRight: said + 1,
      ArrowUp: said + 1,
      PageDown: said - 10,
      PageUp: said + 10,
      Home: 0,
      End: last,
    };
    const next = moves[event.key];
    if (event.key === "Escape") onPick(null);
    else if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    else onPick(Math.min(last, Math.max(0, next)));
    event.preventDefault();
  };
  return (
    <div class="chart">
      <div class="names" aria-hidden="true">
        {rows.map((row) => (
          <p key={row.key}>
            <span>{row.name}</span>
            <strong class="number">{row.total.toLocaleString("en-GB")}</strong>
          </p>
        ))}
      </div>
      <div
        ref={plot}
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, last)}
        aria-valuenow={said}
        aria-valuetext={`${stepSays(frame, said, zone)}: ${rows.map((row) => `${row.name} ${barSays(row.bars[said])}`).join("; ")}`}
        onKeyDown={press}
        onPointerMove={(event) => event.pointerType === "mouse" && setHovered(indexAt(event.clientX))}
        onPointerLeave={() => setHovered(null)}
        onClick={(event) => onPick(indexAt(event.clientX))}
      >
        {rows.map((row, index) => (
          <Strip key={row.key} row={row} count={count} top={top} isFirst={index === 0} />
        ))}
        {open < begun && (
          <i
            class="incomplete"
            style={{ left: `${(open / count) * 100}%`, width: `${((begun - open) / count) * 100}%` }}
          />
        )}
        {chosen !== null && (
          <i class="pick" style={{ left: `${(chosen / count) * 100}%`, width: `${100 / count}%` }} />
        )}
      </div>
      <div class="axis" aria-hidden="true">
        {marks.map(({ index, text, isMajor }) => (
          <span key={index} class={isMajor ? "major" : ""} style={{ left: `${(index / count) * 100}%` }}>
            {text}
          </span>
        ))}
      </div>
    </div>
  );
}

/** The first step that is not whole yet. */
export const openFrom = (frame: Frame, completeUntil: number) =>
  frame.starts.filter((_, index) => (frame.starts[index + 1] ?? frame.end) <= completeUntil).length;

/** "12", "3 (1 alert, 2 notice)", "not known" */
export function barSays(bar: Bar | undefined): string {
  if (!bar || bar.count === null) return "not known";
  const parts = bar.severities?.flatMap((count, severity) =>
    count > 0 ? [`${count} ${severityName(severity as 0 | 1 | 2 | 3).toLowerCase()}`] : [],
  );
  return parts && parts.length > 0 ? `${bar.count} (${parts.reverse().join(", ")})` : String(bar.count);
}

const HEIGHT = 100;

function Strip({ row, count, top, isFirst }: { row: Row; count: number; top: number; isFirst: boolean }) {
  return (
    <div class="strip">
      {isFirst && <small aria-hidden="true">{top.toLocaleString("en-GB")}</small>}
      <svg viewBox={`0 0 ${count} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {row.bars.map((bar, index) =>
          bar.count === null ? null : <Column key={index} bar={bar} x={index} scale={HEIGHT / top} />,
        )}
      </svg>
    </div>
  );
}

function Column({ bar, x, scale }: { bar: Bar; x: number; scale: number }) {
  const place = { x: x + 0.1, width: 0.8 };
  if (!bar.severities) {
    const height = (bar.count ?? 0) * scale;
    return height > 0 ? <rect class="bar" {...place} y={HEIGHT - height} height={height} /> : null;
  }
  let below = 0;
  return (
    <>
      {bar.severities.map((count, severity) => {
        if (count === 0) return null;
        const height = count * scale;
        below += height;
        return (
          <rect key={severity} class={`severity-${severity}`} {...place} y={HEIGHT - below} height={height} />
        );
      })}
    </>
  );
}
