import type { Camera } from "../api/types";
import type { Tone } from "../parts/state-dot";

/** What the recorder says of a camera, for a dot and a word. */
export function recordingState(camera: Camera): { tone: Tone; word: string } {
  if (!camera.is_enabled) return { tone: "off", word: "off" };
  const recorded = camera.streams.filter(({ mode, schedule }) => mode !== "off" || schedule.length > 0);
  if (recorded.length === 0) return { tone: "off", word: "not recorded" };
  const conditions = recorded.map(({ state }) => state?.condition ?? "connecting");
  if (conditions.includes("failed")) return { tone: "bad", word: "no video" };
  if (conditions.includes("connecting")) return { tone: "busy", word: "connecting" };
  if (!conditions.includes("recording") && conditions.includes("standby"))
    return { tone: "good", word: "waiting" };
  return conditions.includes("recording")
    ? { tone: "good", word: "recording" }
    : { tone: "off", word: "off" };
}
