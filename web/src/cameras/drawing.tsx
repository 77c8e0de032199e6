import { useRef } from "preact/hooks";
import type { Direction, EventKind, PointShares } from "../api/event-types";
import { added, addedAfter, MOST_POINTS, moved, placed, sidesOf, without } from "./points";

interface DrawingProps {
  kind: EventKind;
  points: readonly PointShares[];
  direction: Direction;
  aspect: number;
  onChange: (points: PointShares[]) => void;
}

const STEP = 0.005;
const FAR = 10;

/** A zone or a line over the picture: a click adds a point, points are dragged, or moved by the keys. */
export function Drawing({ kind, points, direction, aspect, onChange }: DrawingProps) {
  const board = useRef<HTMLDivElement>(null);
  const at = (event: { clientX: number; clientY: number }): PointShares => {
    const box = board.current?.getBoundingClientRect();
    if (!box) return [0.5, 0.5];
    return placed((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  const focus = (index: number) =>
    // The point is there after the next drawing.
    requestAnimationFrame(() =>
      board.current?.querySelector<HTMLElement>(`[data-point="${index}"]`)?.focus(),
    );
  const add = (made: { points: PointShares[]; index: number }) => {
    if (points.length >= MOST_POINTS) return;
    onChange(made.points);
    focus(made.index);
  };
  const remove = (index: number) => {
    onChange(without(points, index));
    focus(Math.max(0, index - 1));
  };
  const word = kind === "zone_visit" ? "Corner" : "Point";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the same is done by keys on the points and by the fields beside
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <div
      ref={board}
      class="board"
      data-kind={kind}
      onClick={(event) => {
        if (event.target instanceof Element && event.target.closest("button")) return;
        add(added(points, at(event), kind, aspect));
      }}
    >
      <Shape kind={kind} points={points} direction={direction} aspect={aspect} />
      {points.map(([x, y], index) => (
        <button
          key={index}
          type="button"
          class="point"
          data-point={index}
          style={{ left: `${x * 100}%`, top: `${y * 100}%` }}
          aria-label={`${word} ${index + 1} of ${points.length}: ${percent(x)} from the left, ${percent(y)} from the top`}
          onKeyDown={(event) => {
            const act = keysFor(event.shiftKey ? STEP * FAR : STEP, index)[event.key];
            if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
            event.preventDefault();
            event.stopPropagation();
            act();
          }}
          onPointerDown={(event) => {
            if (event.button === 0) event.currentTarget.setPointerCapture(event.pointerId);
          }}
          onPointerMove={(event) => {
            if (event.currentTarget.hasPointerCapture(event.pointerId))
              onChange(moved(points, index, at(event)));
          }}
        >
          {index + 1}
        </button>
      ))}
    </div>
  );

  function keysFor(step: number, index: number): Record<string, () => void> {
    const [x, y] = points[index] ?? [0.5, 0.5];
    const move = (dx: number, dy: number) => onChange(moved(points, index, placed(x + dx, y + dy * aspect)));
    return {
      ArrowLeft: () => move(-step, 0),
      ArrowRight: () => move(step, 0),
      ArrowUp: () => move(0, -step),
      ArrowDown: () => move(0, step),
      Enter: () => add(addedAfter(points, index, kind)),
      Delete: () => remove(index),
      Backspace: () => remove(index),
    };
  }
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/** The picture's height in the drawing's own units. */
const HEIGHT = 100;
const ARROW = 9;

function Shape({ kind, points, direction, aspect }: Omit<DrawingProps, "onChange">) {
  const corners = points.map(([x, y]) => `${x * aspect * HEIGHT},${y * HEIGHT}`).join(" ");
  const sides = kind === "line_cross" ? sidesOf(points, aspect) : null;
  const label = (sign: 1 | -1) =>
    sides && {
      left: `${((sides.x + sign * sides.rightX * 0.15) / aspect) * 100}%`,
      top: `${(sides.y + sign * sides.rightY * 0.15) * 100}%`,
    };
  return (
    <>
      <svg viewBox={`0 0 ${aspect * HEIGHT} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {kind === "zone_visit" ? (
          <>
            <polygon class="rim" points={corners} />
            <polygon class="zone" points={corners} />
          </>
        ) : (
          <>
            <polyline class="rim" points={corners} />
            <polyline class="way" points={corners} />
          </>
        )}
        {sides && direction !== "right_to_left" && <Arrow {...sides} sign={1} />}
        {sides && direction !== "left_to_right" && <Arrow {...sides} sign={-1} />}
      </svg>
      {sides && (
        <>
          <span class="side" style={label(-1) ?? {}}>
            left
          </span>
          <span class="side" style={label(1) ?? {}}>
            right
          </span>
        </>
      )}
    </>
  );
}

interface ArrowProps {
  x: number;
  y: number;
  rightX: number;
  rightY: number;
  /** 1 points to the right of the line, -1 to the left. */
  sign: 1 | -1;
}

function Arrow({ x, y, rightX, rightY, sign }: ArrowProps) {
  const [baseX, baseY] = [x * HEIGHT, y * HEIGHT];
  const [alongX, alongY] = [rightX * sign, rightY * sign];
  const at = (along: number, aside: number) =>
    `${baseX + alongX * along - alongY * aside},${baseY + alongY * along + alongX * aside}`;
  const path = `M${at(0, 0)} L${at(ARROW, 0)} M${at(ARROW - 3, 2.5)} L${at(ARROW, 0)} L${at(ARROW - 3, -2.5)}`;
  return (
    <>
      <path class="rim" d={path} />
      <path class="way" d={path} />
    </>
  );
}
