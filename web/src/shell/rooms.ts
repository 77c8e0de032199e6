import type { IconName } from "../parts/icon";

export interface RoomSign {
  path: string;
  name: string;
  icon: IconName;
  /** Goes there after `g`. */
  letter: string;
  /** The action without which the room is not shown; undefined for everyone. */
  needs?: string;
  /** The room whose group it belongs to: it stands in a second line there, not in the top line. */
  under?: string;
}

export const ROOMS: readonly RoomSign[] = [
  { path: "/live", name: "Live", icon: "live", letter: "l" },
  { path: "/play", name: "Play", icon: "play", letter: "p" },
  { path: "/review", name: "Review", icon: "review", letter: "r" },
  { path: "/analytics", name: "Analytics", icon: "analytics", letter: "n" },
  { path: "/cameras", name: "Cameras", icon: "cameras", letter: "c" },
  { path: "/storage", name: "Storage", icon: "storage", letter: "s", needs: "see_status" },
  {
    path: "/retention",
    name: "Retention",
    icon: "retention",
    letter: "t",
    needs: "see_status",
    under: "/storage",
  },
  { path: "/holds", name: "Holds", icon: "hold", letter: "h", needs: "hold", under: "/storage" },
  { path: "/jobs", name: "Jobs", icon: "jobs", letter: "j", needs: "configure", under: "/storage" },
  { path: "/people", name: "People", icon: "people", letter: "e", needs: "manage_users" },
  { path: "/audit", name: "Audit", icon: "audit", letter: "a", needs: "read_audit" },
];

export const roomsFor = (actions: readonly string[]) =>
  ROOMS.filter(({ needs }) => needs === undefined || actions.includes(needs));

export const isWithin = (path: string, room: RoomSign) =>
  path === room.path || path.startsWith(`${room.path}/`);

/** The rooms of the top line: those of a group stand behind their first. */
export const topRooms = (rooms: readonly RoomSign[]) =>
  rooms.filter(({ under }) => !rooms.some(({ path }) => path === under));

/** The rooms that share a group with the one the address names, it too; none where it stands alone. */
export function siblings(rooms: readonly RoomSign[], path: string): readonly RoomSign[] {
  const here = rooms.find((room) => isWithin(path, room));
  const first = here?.under ?? here?.path;
  const group = rooms.filter((room) => room.path === first || room.under === first);
  return group.length > 1 ? group : [];
}
