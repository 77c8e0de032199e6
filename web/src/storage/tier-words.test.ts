import { expect, test } from "vitest";
import type { Tier, TierVolume } from "../api/tier-types";
import { bindingOf, limitsOf, paceOf, roomOf } from "./tier-words";

const HOT: Tier = {
  name: "hot",
  max_age_s: 7 * 86_400,
  max_bytes: 10e12,
  bandwidth_bytes_s: null,
  hours: [],
  used_bytes: 0,
  oldest: null,
  bytes_per_day: null,
  binding: { limit: "age", at: "2026-05-04T10:00:00Z" },
  coming_segments: 0,
  coming_bytes: 0,
  volumes: [],
  waiting: [],
};
const NOW = Date.parse("2026-05-01T00:00:00Z");
const DISK: TierVolume = {
  id: "1",
  kind: "disk",
  path_label: "/srv",
  tier: "hot",
  condition: "good",
  since: null,
  detail: null,
  free_bytes: 210e9,
  total_bytes: 1e12,
  reserve_bytes: 0,
  used_bytes: 0,
  seen_at: "2026-05-01T00:00:00Z",
};

test("the binding limit is told with its day, or that it binds now", () => {
  expect(bindingOf(HOT, false, "UTC", NOW)).toBe("age, on 4 May 2026");
  expect(bindingOf(HOT, false, "UTC", Date.parse("2026-06-01T00:00:00Z"))).toBe("age, now");
  expect(bindingOf({ ...HOT, binding: null }, false, "UTC", NOW)).toBe("not enough data");
  expect(bindingOf({ ...HOT, binding: null }, true, "UTC", NOW)).toBe("nothing");
});

test("limits are told as what makes footage go on", () => {
  expect(limitsOf(HOT, false)).toBe("after 7 d or beyond 10.0 TB");
  expect(limitsOf({ ...HOT, max_bytes: null }, false)).toBe("after 7 d");
  expect(limitsOf({ ...HOT, max_age_s: null, max_bytes: null }, false)).toBe("only when a disk gets full");
  expect(limitsOf(HOT, true)).toBe("stays until it expires");
});

test("room is told where there are bounds", () => {
  expect(roomOf(DISK)).toBe("210 GB of 1.0 TB free");
  expect(roomOf({ ...DISK, free_bytes: null, total_bytes: null })).toBe("no bounds");
  expect(roomOf({ ...DISK, free_bytes: null, total_bytes: null, seen_at: null })).toBe("not seen yet");
});

test("pace is told only where there is one", () => {
  expect(paceOf(HOT)).toBeNull();
  expect(paceOf({ ...HOT, bandwidth_bytes_s: 50e6, hours: ["22:00-06:00"] })).toBe(
    "at most 50.0 MB/s, 22:00-06:00",
  );
});
