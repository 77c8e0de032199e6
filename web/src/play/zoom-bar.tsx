import { Icon } from "../parts/icon";
import { lengthOf, PRESETS, type View, viewAround, zoom } from "./view";

/** How long a stretch the timeline shows, and what its colours mean. */
export function ZoomBar({
  view,
  at,
  onView,
}: {
  view: View;
  at: number | null;
  onView: (view: View) => void;
}) {
  const middle = at !== null && at > view.start && at < view.end ? at : (view.start + view.end) / 2;
  const isAt = (ms: number) => Math.abs(lengthOf(view) / ms - 1) < 0.01;
  return (
    <div class="bar small">
      <fieldset class="group">
        <legend class="unseen">Zoom of the timeline</legend>
        <button
          type="button"
          class="plain"
          aria-label="Zoom out"
          title="Zoom out"
          onClick={() => onView(zoom(view, 2, middle))}
        >
          <Icon name="minus" />
        </button>
        <button
          type="button"
          class="plain"
          aria-label="Zoom in"
          title="Zoom in"
          onClick={() => onView(zoom(view, 0.5, middle))}
        >
          <Icon name="plus" />
        </button>
        {PRESETS.map(([name, ms]) => (
          <button
            key={name}
            type="button"
            class="plain"
            aria-pressed={isAt(ms)}
            onClick={() => onView(viewAround(middle, ms))}
          >
            {name}
          </button>
        ))}
      </fieldset>
      <ul class="legend">
        <li class="recorded">recorded</li>
        <li class="open">being recorded</li>
        <li class="gap">gap</li>
        <li class="before">before the camera</li>
      </ul>
    </div>
  );
}
