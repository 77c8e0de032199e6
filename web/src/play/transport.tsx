import { useEffect } from "preact/hooks";
import { Choice } from "../parts/field";
import { Icon, type IconName } from "../parts/icon";
import { clock, weekday } from "../time/format";
import { useZone } from "../time/zone";
import { type Playback, RATES } from "./use-playback";

const rateName = (rate: number) => (rate < 1 ? `1/${1 / rate}×` : `${rate}×`);

/** The buttons under the picture. */
export function Transport({ playback }: { playback: Playback }) {
  const zone = useZone();
  const { at, isPaused, rate, isMuted } = playback;
  useTransportKeys(playback);
  return (
    <section class="transport" aria-label="Playback">
      <p class="moment number" aria-hidden="true">
        <strong>{at === null ? "--:--:--" : clock(at, zone)}</strong>
        <span class="quiet">{at === null ? "" : weekday(at, zone)}</span>
      </p>
      <div class="buttons">
        <Press icon="previous" name="Previous recording" onClick={() => playback.skip(-1)} />
        <Press icon="back" name="Ten seconds back" onClick={() => playback.nudge(-10)} />
        <Press icon="stepBack" name="One picture back" onClick={() => playback.step(-1)} />
        <button
          type="button"
          class="first round"
          onClick={playback.toggle}
          aria-label={isPaused ? "Play" : "Pause"}
        >
          <Icon name={isPaused ? "play" : "pause"} />
        </button>
        <Press icon="stepForth" name="One picture forth" onClick={() => playback.step(1)} />
        <Press icon="forth" name="Ten seconds forth" onClick={() => playback.nudge(10)} />
        <Press icon="next" name="Next recording, over the gap" onClick={() => playback.skip(1)} />
      </div>
      <div class="rate">
        <button
          type="button"
          aria-pressed={!isMuted}
          onClick={() => playback.setMuted(!isMuted)}
          title={isMuted ? "Hear what was recorded" : "Hear nothing"}
        >
          <Icon name={isMuted ? "silent" : "sound"} /> Sound
        </button>
        <Choice
          label="Speed"
          isLabelHidden
          value={String(rate)}
          options={RATES.map((value) => [String(value), rateName(value)] as const)}
          onChange={(value) => playback.setRate(Number(value))}
        />
        <button type="button" onClick={() => playback.goTo(null)}>
          <Icon name="now" /> Newest
        </button>
      </div>
    </section>
  );
}

function Press({ icon, name, onClick }: { icon: IconName; name: string; onClick: () => void }) {
  return (
    <button type="button" class="plain" onClick={onClick} aria-label={name} title={name}>
      <Icon name={icon} />
    </button>
  );
}

function useTransportKeys(playback: Playback): void {
  useEffect(() => {
    const faster = (by: 1 | -1) => {
      const next = RATES[RATES.indexOf(playback.rate) + by];
      if (next !== undefined) playback.setRate(next);
    };
    const acts: Record<string, () => void> = {
      " ": playback.toggle,
      k: playback.toggle,
      j: () => playback.nudge(-10),
      l: () => playback.nudge(10),
      ",": () => playback.step(-1),
      ".": () => playback.step(1),
      "[": () => playback.skip(-1),
      "]": () => playback.skip(1),
      m: () => playback.setMuted(!playback.isMuted),
      "<": () => faster(-1),
      ">": () => faster(1),
    };
    const press = (event: KeyboardEvent) => {
      const act = acts[event.key];
      const target = event.target instanceof Element ? event.target : null;
      if (!act || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (
        target?.closest("input, select, textarea, dialog") ||
        (event.key === " " && target?.closest("button, a, summary"))
      )
        return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });
}
