import { Dialog } from "../parts/dialog";
import type { RoomSign } from "./rooms";

const PLAY_KEYS: [string, string][] = [
  ["Space or k", "Play or pause"],
  ["j / l", "Ten seconds back / forth"],
  [", / .", "One picture back / forth"],
  ["[ / ]", "To the recording before / after the next gap"],
  ["< / >", "Slower / faster"],
  ["m", "Sound on or off"],
  ["e / E", "To the next / previous event"],
];

const REVIEW_KEYS: [string, string][] = [
  ["j / k", "To the next / previous incident"],
  ["Enter", "Play its moment"],
  ["s", "Seen, or not seen after all"],
  ["t", "True: it happened"],
  ["f", "False alarm"],
  ["Space", "Play or pause the moment"],
  ["Escape", "Back to the list"],
];

const DRAWING_KEYS: [string, string][] = [
  ["← ↑ → ↓", "Move the point; with Shift ten times as far"],
  ["Enter", "Add a point after it"],
  ["Delete", "Remove the point"],
];

const TIMELINE_KEYS: [string, string][] = [
  ["← / →", "Move the marker"],
  ["Page Up / Page Down", "Move it a quarter of the view"],
  ["Home / End", "To the oldest / newest footage"],
  ["Enter", "Play the moment under the marker"],
  ["+ / −", "Zoom in / out"],
];

export function Help({ rooms, onClose }: { rooms: readonly RoomSign[]; onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose} shape="wide">
      <Keys
        title="Everywhere"
        keys={[
          ...rooms.map((r): [string, string] => [`g ${r.letter}`, `Go to ${r.name}`]),
          ["?", "This help"],
        ]}
      />
      <Keys title="Play" keys={PLAY_KEYS} />
      <Keys title="Review" keys={REVIEW_KEYS} />
      <Keys title="Drawing a zone or a line, on one of its points" keys={DRAWING_KEYS} />
      <Keys title="Timeline, when it has the focus" keys={TIMELINE_KEYS} />
    </Dialog>
  );
}

function Keys({ title, keys }: { title: string; keys: readonly [string, string][] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl class="keys">
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
