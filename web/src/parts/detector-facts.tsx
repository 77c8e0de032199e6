import type { Detector, Watched } from "../api/event-types";
import { StateDot, type Tone } from "./state-dot";
import { Time } from "./time";
import { spoken } from "./words";

/** What a person may want to know of the detector: which weights, what they find, what the decoder may not do. */
export function DetectorFacts({ detector }: { detector: Detector }) {
  const { model, version, engine, licence, objects, sandbox, detail, phase } = detector;
  const isKnown = model !== "";
  return (
    <div class="detector">
      {detail && <p class={phase === "failed" ? "bad-text" : "quiet"}>{detail}</p>}
      {isKnown && (
        <dl class="figures">
          <Fact name="Model" value={`${model}${version ? `, version ${version}` : ""}`} />
          <Fact name="Run by" value={engine || "not told"} />
          <Fact name="Licence" value={licence || "not told"} />
          <Fact name="Can find" value={objects.map(spoken).join(", ") || "nothing"} />
          <Fact
            name="The decoder is kept from"
            value={sandbox.length > 0 ? sandbox.map(spoken).join(", ") : "nothing on this platform"}
          />
          <div>
            <dt>Last heard of</dt>
            <dd>
              <Time at={detector.seen_at} form="ago" />
            </dd>
          </div>
        </dl>
      )}
      {detector.is_stand_in && (
        <p class="quiet">
          The model that is meant for this could not be had yet. It is looked for, and taken over when it
          arrives; until then more is missed and mistaken.
        </p>
      )}
    </div>
  );
}

const Fact = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

const TONES: Record<Watched["condition"], Tone> = { watching: "good", waiting: "busy", failed: "bad" };
const WORDS: Record<Watched["condition"], string> = {
  watching: "watched",
  waiting: "waiting for pictures",
  failed: "not watched",
};

/** How the detector fares with one camera. */
export function WatchedLine({ watched }: { watched: Watched }) {
  const { condition, detail, frames_analysed, frames_skipped, latency_s, objects } = watched;
  return (
    <span class="watched">
      <StateDot tone={TONES[condition]} word={WORDS[condition]} />
      <span class="quiet number">
        {condition === "watching" && `${latency_s.toFixed(1)} s behind the picture, `}
        {frames_analysed.toLocaleString("en-GB")} pictures looked at, {frames_skipped.toLocaleString("en-GB")}{" "}
        skipped{objects > 0 && `, ${objects} ${objects === 1 ? "object" : "objects"} in view`}
      </span>
      {condition !== "watching" && detail && <span class="why">{detail}</span>}
    </span>
  );
}
