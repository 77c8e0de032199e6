import { useEffect, useRef } from "preact/hooks";
import type { RoomSign } from "./rooms";

const CHORD_MS = 1500;

/** `g` and a room's letter goes there, `?` asks for help; never while someone types. */
export function useKeys(rooms: readonly RoomSign[], go: (path: string) => void, onHelp: () => void): void {
  // Outlives the effect: the page may be drawn anew between the two keys.
  const chordUntil = useRef(0);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "?") {
        event.preventDefault();
        onHelp();
      } else if (event.timeStamp < chordUntil.current) {
        chordUntil.current = 0;
        const room = rooms.find(({ letter }) => letter === event.key);
        if (room) {
          event.preventDefault();
          event.stopPropagation();
          go(room.path);
        }
      } else if (event.key === "g") {
        chordUntil.current = event.timeStamp + CHORD_MS;
      }
    };
    window.addEventListener("keydown", press, { capture: true });
    return () => window.removeEventListener("keydown", press, { capture: true });
  }, [rooms, go, onHelp]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches("input, select, textarea"))
  );
}
