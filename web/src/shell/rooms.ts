import type { IconName } from "../parts/icon";

export interface RoomSign {
  path: string;
  name: string;
  icon: IconName;
  /** Goes there after `g`. */
  letter: string;
  /** The action without which the room is not shown; undefined for everyone. */
  needs?: string;
}

export const ROOMS: readonly RoomSign[] = [
  { path: "/live", name: "Live", icon: "live", letter: "l" },
  { path: "/play", name: "Play", icon: "play", letter: "p" },
  { path: "/review", name: "Review", icon: "review", letter: "r" },
  { path: "/analytics", name: "Analytics", icon: "analytics", letter: "n" },
  { path: "/cameras", name: "Cameras", icon: "cameras", letter: "c" },
  { path: "/storage", name: "Storage", icon: "storage", letter: "s", needs: "see_status" },
  { path: "/holds", name: "Holds", icon: "hold", letter: "h", needs: "hold" },
  { path: "/jobs", name: "Jobs", icon: "jobs", letter: "j", needs: "configure" },
  { path: "/retention", name: "Retention", icon: "retention", letter: "t", needs: "see_status" },
  { path: "/people", name: "People", icon: "people", letter: "e", needs: "manage_users" },
  { path: "/audit", name: "Audit", icon: "audit", letter: "a", needs: "read_audit" },
];

export const roomsFor = (actions: readonly string[]) =>
  ROOMS.filter(({ needs }) => needs === undefined || actions.includes(needs));

export const isWithin = (path: string, room: RoomSign) =>
  path === room.path || path.startsWith(`${room.path}/`);
