import { describe, expect, it } from "vitest";
import type { Hold } from "../api/hold-types";
import type { Camera } from "../api/types";
import { camerasName, endSays, heldOf, heldSays, stateName } from "./holding";

const GATE = { id: "gate", name: "Gate" } as Camera;
const T = Date.UTC(2026, 10, 25, 14);

const HOLD: Hold = {
  id: "1",
  state: "standing",
  cameras: ["gate", "gone"],
  from: "2026-11-25T14:00:00.000Z",
  to: "2026-11-25T15:00:00.000Z",
  reason: "police",
  incident: null,
  event: null,
  case: "",
  owner: "ada",
  created_at: "2026-11-26T00:00:00.000Z",
  expires_at: null,
  release: null,
  released_at: null,
  released_by: null,
  actions: [],
  kept: null,
  going: 0,
};

describe("a hold", () => {
  it("names its cameras, and by their id those that are gone", () => {
    expect(camerasName(HOLD, [GATE])).toBe("Gate, gone");
    expect(camerasName({ ...HOLD, cameras: null }, [GATE])).toBe("every camera");
  });

  it("says when it ends, or that it takes two", () => {
    const expiring = { ...HOLD, expires_at: "2027-01-01T00:00:00.000Z" };
    expect(endSays(HOLD, "UTC")).toBe("until two people release it");
    expect(endSays(expiring, "Europe/Berlin")).toBe("until 1 Jan 2027, 01:00:00");
    expect(endSays({ ...expiring, state: "expired" }, "UTC")).toBe("ended 1 Jan 2027, 00:00:00");
    expect(endSays({ ...expiring, state: "released", released_at: HOLD.to }, "UTC")).toBe(
      "ended 25 Nov 2026, 15:00:00",
    );
    expect(stateName("release_asked")).toBe("release asked for");
  });

  it("is told on the timeline where it holds and nowhere else", () => {
    const held = heldOf([HOLD, { ...HOLD, id: "2", reason: "insurer" }, { ...HOLD, from: "nonsense" }]);
    expect(held).toHaveLength(2);
    expect(heldSays(held, T)).toBe("held: police; insurer");
    expect(heldSays(held, T - 1)).toBe("");
    expect(heldSays(held, T + 3_600_000)).toBe("");
    expect(heldSays(heldOf([HOLD, HOLD]), T)).toBe("held: police");
  });
});
