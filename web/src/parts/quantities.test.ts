import { expect, it } from "vitest";
import { bitRate, bytes, counted } from "./quantities";

it("writes sizes with three digits at most", () => {
  expect([0, 999, 1000, 999_499, 999_500, 1.25e9, 4e12].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "999 kB",
    "1.0 MB",
    "1.3 GB",
    "4.0 TB",
  ]);
});

it("writes bit rates and counts", () => {
  expect(bitRate(3_800_000)).toBe("3.8 Mbit/s");
  expect(bitRate(512_400)).toBe("512 kbit/s");
  expect(counted(1, "gap")).toBe("1 gap");
  expect(counted(0, "entry", "entries")).toBe("0 entries");
});
