import { describe, expect, it } from "vitest";
import { addressOf, askedFor, isFiltered, keyOf } from "./filter";

const NOON = Date.UTC(2026, 10, 25, 12);

describe("the filters of Review", () => {
  it("are kept in the address, and leave it when they are taken back", () => {
    expect(addressOf({ camera: "gate" }, { severity: "2" })).toBe("/review?camera=gate&severity=2");
    expect(addressOf({ camera: "gate" }, { camera: "" })).toBe("/review");
  });

  it("become the server's question", () => {
    expect(askedFor({ camera: "gate,yard", severity: "2", marks: "new", span: "1h" }, "UTC", NOON)).toEqual({
      camera: ["gate", "yard"],
      kind: [],
      object: [],
      severity: 2,
      seen: "false",
      from: "2026-11-25T11:00:00.000Z",
    });
  });

  it("take times in the site's zone", () => {
    const asked = askedFor({ from: "2026-11-25T12:00", to: "nonsense" }, "Europe/Berlin", NOON);
    expect(asked.from).toBe("2026-11-25T11:00:00.000Z");
    expect(asked.to).toBeUndefined();
  });

  it("ignore what an address made up", () => {
    const asked = askedFor({ severity: "x", marks: "maybe", span: "3y" }, "UTC", NOON);
    expect(asked).toEqual({ camera: [], kind: [], object: [] });
  });

  it("are not changed by opening an incident", () => {
    expect(keyOf({ camera: "gate", incident: "1" })).toBe(keyOf({ camera: "gate" }));
    expect(isFiltered({ incident: "1" })).toBe(false);
    expect(isFiltered({ span: "1h" })).toBe(true);
  });
});
