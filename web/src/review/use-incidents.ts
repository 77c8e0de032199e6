import { useEffect, useRef, useState } from "preact/hooks";
import { listIncidents } from "../api/event-endpoints";
import type { Incident } from "../api/event-types";
import { useRemote } from "../api/use-remote";
import { useSubmit } from "../parts/use-submit";
import { askedFor, keyOf, type Query } from "./filter";
import { NOTHING, type Shown, withChanged, withHead, withOlder, withWaiting } from "./shown";

const PAGE = 24;
/** The most that the server hands out at once; what lies below is read anew only when asked for. */
const LONGEST_HEAD = 200;
/** Scrolled down further than this, the list keeps still. */
const AWAY_PX = 240;

interface Incidents {
  shown: Shown;
  error: unknown;
  isReadingOn: boolean;
  readOn: () => void;
  letIn: () => void;
  change: (incident: Incident) => void;
}

/** The incidents that a query asks for, as they come and change. */
export function useIncidents(query: Query, zone: string): Incidents {
  const key = keyOf(query);
  const [held, setHeld] = useState<{ key: string; shown: Shown }>({ key, shown: NOTHING });
  const shown = held.key === key ? held.shown : NOTHING;
  const latest = useRef(shown);
  latest.current = shown;
  const set = (change: (shown: Shown) => Shown) =>
    setHeld((now) => ({ key, shown: change(now.key === key ? now.shown : NOTHING) }));

  const head = useRemote(
    (signal) => {
      const limit = Math.min(LONGEST_HEAD, Math.max(PAGE, latest.current.items.length));
      return listIncidents({ ...askedFor(query, zone, Date.now()), limit }, signal);
    },
    key,
    ["incident"],
  );
  useEffect(() => {
    const page = head.value;
    if (page) set((now) => withHead(now, page, window.scrollY > AWAY_PX));
  }, [head.value]);

  const more = useSubmit();
  const readOn = () =>
    void more.run(async () => {
      const cursor = latest.current.cursor;
      if (cursor === null) return;
      const page = await listIncidents({ ...askedFor(query, zone, Date.now()), cursor, limit: PAGE });
      set((now) => withOlder(now, page));
    });
  return {
    shown,
    error: head.error ?? more.error,
    isReadingOn: more.isBusy,
    readOn,
    letIn: () => {
      set(withWaiting);
      window.scrollTo(0, 0);
    },
    change: (incident) => set((now) => withChanged(now, incident)),
  };
}
