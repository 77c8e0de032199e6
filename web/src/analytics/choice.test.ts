import { describe, expect, it } from "vitest";
import { addressOf, choiceOf } from "./choice";

const NOON = Date.UTC(2026, 10, 25, 12, 3, 20);

describe("what Analytics shows", () => {
  it("is the last 24 hours of objects, unless the address says otherwise", () => {
    const { what, by, span, frame, isStepChosen } = choiceOf({}, "UTC", NOON);
    expect([what, by, span, frame.step, isStepChosen]).toEqual(["objects", "type", "24h", "15m", false]);
    expect(frame.starts).toHaveLength(96);
    expect(frame.end).toBe(Date.UTC(2026, 10, 25, 12, 15));
  });

  it("takes a step by hand, but none that has too many points", () => {
    expect(choiceOf({ span: "7d", step: "1d" }, "UTC", NOON).frame.step).toBe("1d");
    expect(choiceOf({ span: "1y", step: "5m" }, "UTC", NOON).frame.step).toBe("1w");
  });

  it("takes a stretch by hand in the site's zone", () => {
    const choice = choiceOf({ from: "2026-11-24T00:00", to: "2026-11-25T00:00" }, "Europe/Berlin", NOON);
    expect(choice.span).toBe("");
    expect(choice.frame.starts[0]).toBe(Date.UTC(2026, 10, 23, 23));
    expect(choice.frame.end).toBe(Date.UTC(2026, 10, 24, 23));
  });

  it("does not follow nonsense", () => {
    expect(choiceOf({ from: "2027-01-01T00:00", to: "2026-01-01T00:00", by: "x" }, "UTC", NOON).span).toBe(
      "24h",
    );
  });

  it("is written into the address", () => {
    expect(addressOf({ span: "7d", camera: "gate" }, { camera: "", by: "each" })).toBe(
      "/analytics?span=7d&by=each",
    );
  });
});
