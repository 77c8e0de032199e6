import type { EventKind, PointShares } from "../api/event-types";
import { Field } from "../parts/field";
import { Icon } from "../parts/icon";
import { addedAfter, MOST_POINTS, moved, placed, without } from "./points";

interface PointFieldsProps {
  kind: EventKind;
  points: readonly PointShares[];
  onChange: (points: PointShares[]) => void;
}

/** The same points as numbers, for those who do not draw. */
export function PointFields({ kind, points, onChange }: PointFieldsProps) {
  const word = kind === "zone_visit" ? "Corner" : "Point";
  const set = (index: number, axis: 0 | 1, text: string) => {
    const [x, y] = points[index] ?? [0, 0];
    const share = Number(text) / 100;
    if (text === "" || Number.isNaN(share)) return;
    onChange(moved(points, index, axis === 0 ? placed(share, y) : placed(x, share)));
  };
  return (
    <details class="as-table">
      <summary>{word}s as numbers</summary>
      <ol class="point-fields">
        {points.map((point, index) => (
          <li key={index}>
            {(["from the left", "from the top"] as const).map((side, axis) => (
              <Field
                key={side}
                label={`${word} ${index + 1}, % ${side}`}
                type="number"
                min={0}
                max={100}
                step={0.1}
                value={shown(point[axis as 0 | 1])}
                onInput={(text) => set(index, axis as 0 | 1, text)}
              />
            ))}
            <button
              type="button"
              class="plain"
              aria-label={`Remove ${word.toLowerCase()} ${index + 1}`}
              onClick={() => onChange(without(points, index))}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ol>
      <button
        type="button"
        disabled={points.length >= MOST_POINTS}
        onClick={() => onChange(addedAfter(points, points.length - 1, kind).points)}
      >
        <Icon name="plus" /> Add a {word.toLowerCase()}
      </button>
    </details>
  );
}

const shown = (share: number) => String(Math.round(share * 1000) / 10);
