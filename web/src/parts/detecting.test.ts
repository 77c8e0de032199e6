import { expect, it } from "vitest";
import { detectingSentence, detectingTone } from "./detecting";

const READY = {
  phase: "ready",
  model: "person-vehicle-bike-detection-2004",
  is_stand_in: false,
  detail: "",
} as const;

it("the model that runs is named", () => {
  expect(detectingSentence(READY)).toBe("Detecting with person-vehicle-bike-detection-2004");
  expect(detectingTone(READY)).toBe("good");
});

it("a stand-in is not passed off as the model that was meant", () => {
  const standIn = { ...READY, is_stand_in: true };
  expect(detectingSentence(standIn)).toBe("Detecting with a stand-in model; a better one is looked for");
  expect(detectingTone(standIn)).toBe("busy");
});

it("what does not run says so, with the server's reason", () => {
  expect(detectingSentence({ ...READY, phase: "off" })).toBe("Detection is off");
  expect(detectingSentence({ ...READY, phase: "failed", detail: "The digest is wrong." })).toBe(
    "Detection failed: The digest is wrong.",
  );
});
