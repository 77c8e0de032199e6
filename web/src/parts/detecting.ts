// What the detector is doing, in one sentence that claims no more than is so.
import type { Detecting, DetectorPhase } from "../api/event-types";
import type { Tone } from "./state-dot";

type Told = Pick<Detecting, "phase" | "model" | "is_stand_in" | "detail">;

/** "Detecting with person-vehicle-bike-detection-2004" */
export function detectingSentence({ phase, model, is_stand_in, detail }: Told): string {
  switch (phase) {
    case "ready":
      return is_stand_in
        ? "Detecting with a stand-in model; a better one is looked for"
        : `Detecting with ${model || "a model without a name"}`;
    case "starting":
      return "Detection is starting";
    case "fetching":
      return "Fetching a model to detect with";
    case "failed":
      return `Detection failed: ${detail || "no reason was given"}`;
    case "off":
      return "Detection is off";
  }
}

const TONES: Record<DetectorPhase, Tone> = {
  ready: "good",
  starting: "busy",
  fetching: "busy",
  failed: "bad",
  off: "off",
};

export const detectingTone = ({ phase, is_stand_in }: Told): Tone =>
  phase === "ready" && is_stand_in ? "busy" : TONES[phase];
