import { describe, expect, it } from "vitest";
import { clock, fromLocal, instant, length, moment, startOf, toLocal, utc } from "./format";

const NOON = Date.UTC(2026, 10, 25, 12, 3, 20);

describe("times", () => {
  it("are shown in the site's zone, with UTC beside them", () => {
    expect(clock(NOON, "Europe/Berlin")).toBe("13:03:20");
    expect(moment(NOON, "America/New_York")).toBe("25 Nov 2026, 07:03:20");
    expect(utc(NOON)).toBe("2026-11-25 12:03:20 UTC");
  });

  it("write midnight as 00, never as 24", () => {
    expect(clock(Date.UTC(2026, 0, 1), "UTC")).toBe("00:00:00");
    expect(toLocal(Date.UTC(2026, 0, 1), "UTC")).toBe("2026-01-01T00:00:00");
  });

  it("survive the way to a local field and back", () => {
    for (const zone of ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"]) {
      expect(fromLocal(toLocal(NOON, zone), zone)).toBe(NOON);
    }
  });

  it("take the first of an hour that happens twice", () => {
    expect(fromLocal("2026-10-25T02:30:00", "Europe/Berlin")).toBe(Date.UTC(2026, 9, 25, 0, 30));
  });

  it("take an hour that never happens as minutes after the change", () => {
    expect(fromLocal("2026-03-29T02:30:00", "Europe/Berlin")).toBe(Date.UTC(2026, 2, 29, 1, 30));
  });

  it("are right just after clocks went back and forward", () => {
    expect(fromLocal("2026-10-25T03:30:00", "Europe/Berlin")).toBe(Date.UTC(2026, 9, 25, 2, 30));
    expect(fromLocal("2026-03-29T03:30:00", "Europe/Berlin")).toBe(Date.UTC(2026, 2, 29, 1, 30));
  });

  it("know where the local day begins, on a day of 25 hours too", () => {
    expect(startOf("day", NOON, "Asia/Tokyo")).toBe(Date.UTC(2026, 10, 24, 15));
    expect(startOf("day", Date.UTC(2026, 9, 25, 20), "Europe/Berlin")).toBe(Date.UTC(2026, 9, 24, 22));
    expect(startOf("year", NOON, "UTC")).toBe(Date.UTC(2026, 0, 1));
  });

  it("are null where there is none", () => {
    expect(instant("yesterday")).toBeNull();
    expect(instant(null)).toBeNull();
    expect(fromLocal("", "UTC")).toBeNull();
  });
});

describe("lengths", () => {
  it("show the two largest units", () => {
    expect(length(0)).toBe("0 s");
    expect(length(45)).toBe("45 s");
    expect(length(3600)).toBe("1 h");
    expect(length(11_520)).toBe("3 h 12 min");
    expect(length(90_061)).toBe("1 d 1 h");
  });
});
