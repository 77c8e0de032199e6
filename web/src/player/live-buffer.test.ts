import { describe, expect, it } from "vitest";
import { isInitSection, outworn, smoothed, steer, waitBefore } from "./live-buffer";

describe("a live picture", () => {
  it("plays on at its own pace while it is close", () => {
    expect(steer([{ start: 0, end: 10 }], 9.7, 1)).toEqual({
      latencySeconds: expect.closeTo(0.3),
      rate: 1,
      jumpTo: null,
    });
  });

  it("hurries when it falls behind, until it is close again", () => {
    const ranges = [{ start: 0, end: 10 }];
    expect(steer(ranges, 9.6, 1).rate).toBe(1.05);
    expect(steer(ranges, 9.72, 1.05).rate).toBe(1.05);
    expect(steer(ranges, 9.78, 1.05).rate).toBe(1);
    expect(steer(ranges, 9.72, 1).rate).toBe(1);
  });

  it("hurries more when it is far behind", () => {
    expect(steer([{ start: 0, end: 10 }], 9.3, 1.05).rate).toBe(1.1);
  });

  it("stays farther away when chunks are longer", () => {
    const ranges = [{ start: 0, end: 10 }];
    expect(steer(ranges, 7, 1, 0.5).jumpTo).toBeCloseTo(9.4);
    expect(steer(ranges, 9.35, 1, 0.5).rate).toBe(1);
    expect(steer(ranges, 9.35, 1, 0.1).rate).toBe(1.1);
  });

  it("learns how long chunks are, and is not misled by a hole", () => {
    let length = 0.5;
    for (let i = 0; i < 30; i += 1) length = smoothed(length, 0.2);
    expect(length).toBeCloseTo(0.2, 2);
    expect(smoothed(length, 30)).toBe(length);
  });

  it("jumps when more than a second behind", () => {
    const { jumpTo, rate } = steer([{ start: 0, end: 10 }], 8.9, 1.05);
    expect(jumpTo).toBeCloseTo(9.8);
    expect(rate).toBe(1);
  });

  it("jumps at a shorter distance while it settles", () => {
    const ranges = [{ start: 0, end: 10 }];
    expect(steer(ranges, 9.6, 1, 0.1, true).jumpTo).toBeCloseTo(9.8);
    expect(steer(ranges, 9.7, 1, 0.1, true).jumpTo).toBeNull();
  });

  it("jumps over a hole left by dropped fragments", () => {
    expect(
      steer(
        [
          { start: 0, end: 5 },
          { start: 5.5, end: 6 },
        ],
        5,
        1,
      ).jumpTo,
    ).toBeCloseTo(5.8);
  });

  it("starts inside what is there when the stream does not start at zero", () => {
    expect(steer([{ start: 4000, end: 4002 }], 0, 1).jumpTo).toBeCloseTo(4001.8);
  });

  it("stays where it is while there is nothing", () => {
    expect(steer([], 3, 1.05)).toEqual({ latencySeconds: 0, rate: 1, jumpTo: null });
  });

  it("forgets what lies far behind, but keeps some seconds", () => {
    expect(outworn([{ start: 0, end: 19 }], 18)).toBeNull();
    expect(outworn([{ start: 0, end: 31 }], 30)).toEqual({ start: 0, end: 22 });
    expect(outworn([], 30)).toBeNull();
  });

  it("waits longer between attempts, but never over fifteen seconds", () => {
    expect([0, 1, 2, 10].map(waitBefore)).toEqual([500, 1000, 2000, 15_000]);
  });
});

describe("bytes from the camera", () => {
  const box = (type: string) => new Uint8Array([0, 0, 0, 8, ...new TextEncoder().encode(type)]);

  it("are an init section when they begin with ftyp", () => {
    expect(isInitSection(box("ftyp"))).toBe(true);
    expect(isInitSection(box("moof"))).toBe(false);
    expect(isInitSection(new Uint8Array(3))).toBe(false);
  });
});
