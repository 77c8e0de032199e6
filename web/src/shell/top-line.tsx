import { getHealth } from "../api/endpoints";
import type { Session } from "../api/types";
import { useRemote } from "../api/use-remote";
import { Icon } from "../parts/icon";
import { StateDot, type Tone } from "../parts/state-dot";
import { Account } from "./account";
import { DetectorLine } from "./detector-line";
import { isWithin, type RoomSign, siblings, topRooms } from "./rooms";

interface TopLineProps {
  session: Session;
  rooms: readonly RoomSign[];
  path: string;
  onSignedOut: () => void;
  onHelp: () => void;
}

export function TopLine({ session, rooms, path, onSignedOut, onHelp }: TopLineProps) {
  const group = siblings(rooms, path);
  const isHere = (room: RoomSign) => isWithin(path, room) || group[0] === room;
  return (
    <header class="top">
      <a href="/live" class="wordmark" aria-label="Watchkeep, to the live pictures">
        <svg viewBox="0 0 32 24" aria-hidden="true" focusable="false">
          <path d="M4 6 10 21 16 8 22 21 28 6" />
          <circle cx="16" cy="3" r="2.2" />
        </svg>
        <span>watchkeep</span>
      </a>
      <nav aria-label="Rooms">
        {topRooms(rooms).map((room) => (
          <a key={room.path} href={room.path} aria-current={isHere(room) ? "page" : undefined}>
            <Icon name={room.icon} />
            <span>{room.name}</span>
          </a>
        ))}
      </nav>
      <HealthLine />
      <Account name={session.user?.name ?? ""} onSignedOut={onSignedOut} onHelp={onHelp} />
    </header>
  );
}

const EVERY_MS = 20_000;

/** One sentence: what is recorded, and how far back. */
function HealthLine() {
  const { value, error } = useRemote(getHealth, "health", ["camera", "state", "gap", "settings"], EVERY_MS);
  if (error && !value)
    return (
      <p class="health">
        <StateDot tone="bad" word="The recorder does not answer" />
      </p>
    );
  if (!value) return <p class="health" />;
  const { recording, total } = value.cameras;
  const tone: Tone = error
    ? "bad"
    : total === 0
      ? "off"
      : recording < total
        ? "bad"
        : value.database === "ok"
          ? "good"
          : "busy";
  return (
    <div class="health">
      <p role="status" title={value.sentence}>
        <StateDot
          tone={tone}
          word={error ? "No answer from the recorder; what follows may be old" : value.sentence}
        />
      </p>
      {value.detector && !error && <DetectorLine detecting={value.detector} />}
    </div>
  );
}

/** The second line of a group of rooms. */
export function GroupLine({ rooms, path }: { rooms: readonly RoomSign[]; path: string }) {
  const group = siblings(rooms, path);
  if (group.length === 0) return null;
  return (
    <nav class="group" aria-label={group[0]?.name}>
      {group.map((room) => (
        <a key={room.path} href={room.path} aria-current={isWithin(path, room) ? "page" : undefined}>
          <Icon name={room.icon} />
          <span>{room.name}</span>
        </a>
      ))}
    </nav>
  );
}
