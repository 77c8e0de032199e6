import { useEffect, useRef } from "preact/hooks";
import { useLocation } from "preact-iso";
import { listCameras } from "../api/endpoints";
import type { Incident } from "../api/event-types";
import { useMay } from "../api/session-context";
import { useRemote } from "../api/use-remote";
import { Icon } from "../parts/icon";
import { Empty, Fault, Loading } from "../parts/notice";
import { counted } from "../parts/quantities";
import { useNow } from "../parts/use-now";
import { useZone } from "../time/zone";
import { IncidentCard } from "./card";
import { addressOf, isFiltered, type Query } from "./filter";
import { Filters } from "./filters";
import { MARK_KEYS, type Mark, useMarks } from "./marks";
import { MomentDialog } from "./moment";
import { useIncidents } from "./use-incidents";

/** What was detected, newest first; the address says which, and whose moment is open. */
export default function ReviewRoom() {
  const { query, route } = useLocation();
  const zone = useZone();
  const cameras = useRemote(listCameras, "cameras", ["camera"]);
  const list = useIncidents(query, zone);
  const { items, waiting, cursor, isLoaded } = list.shown;
  const marks = useMarks(list.change);
  const open = query.incident;
  const nameOf = (id: string) => cameras.value?.find((camera) => camera.id === id)?.name ?? id;
  const now = useNow(
    1000,
    items.some(({ ended_at }) => ended_at === null),
  );
  const cards = useCards(items, open === undefined, (incident, mark) => marks.mark(incident, mark));

  const show = (id: string, isStep: boolean) => route(addressOf(query, { incident: id }), isStep);
  const step = (direction: 1 | -1) => {
    const next = items[items.findIndex(({ id }) => id === open) + direction];
    if (next) show(next.id, true);
  };
  return (
    <>
      <div class="bar">
        <h1>Review</h1>
        {isLoaded && (
          <p class="quiet" role="status">
            {items.length === 0 ? "" : `${counted(items.length, "incident")}${cursor ? " and more" : ""}`}
          </p>
        )}
      </div>
      <Filters query={query} cameras={cameras.value ?? []} items={items} />
      <Fault error={list.error ?? marks.error} />
      {!isLoaded && !list.error && <Loading what="incidents" />}
      {isLoaded && items.length === 0 && <Nothing query={query} hasCameras={cameras.value?.length !== 0} />}
      <p class="fresh" role="status">
        {waiting.length > 0 && (
          <button type="button" class="first" onClick={list.letIn}>
            <Icon name="up" /> {waiting.length} new
          </button>
        )}
      </p>
      <ul class="incidents" ref={cards}>
        {items.map((incident) => (
          <li key={incident.id}>
            <IncidentCard
              incident={incident}
              camera={nameOf(incident.camera)}
              href={addressOf(query, { incident: incident.id })}
              now={now}
              onMark={(mark) => marks.mark(incident, mark)}
            />
          </li>
        ))}
      </ul>
      {cursor && (
        <p class="more">
          <button type="button" disabled={list.isReadingOn} onClick={list.readOn}>
            Show older incidents
          </button>
        </p>
      )}
      {open && (
        <MomentDialog
          id={open}
          known={items.find(({ id }) => id === open)}
          cameraName={nameOf}
          onClose={() => route(addressOf(query, { incident: "" }), true)}
          onStep={step}
          onChange={list.change}
        />
      )}
    </>
  );
}

function Nothing({ query, hasCameras }: { query: Query; hasCameras: boolean }) {
  const mayConfigure = useMay("configure");
  if (isFiltered(query)) {
    return (
      <Empty title="Nothing matches">
        <p class="quiet">No incident fits all of the filters.</p>
        <p>
          <a class="button" href="/review">
            Take all filters back
          </a>
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing has happened yet">
      <p class="quiet">
        {hasCameras
          ? "As soon as a person or a vehicle moves before a camera, it is here, without a reload. Zones and lines tell of more."
          : "Incidents come from cameras; there is none yet."}
      </p>
      {mayConfigure && (
        <p class="actions">
          <a class="button first" href="/cameras">
            {hasCameras ? "Draw a zone or a line" : "Set up cameras"}
          </a>
        </p>
      )}
    </Empty>
  );
}

type OnMark = (incident: Incident, mark: Mark) => void;

/** The keys of the list: j and k go from card to card, s, t and f mark the one that has the focus. */
function useCards(items: readonly Incident[], isActive: boolean, onMark: OnMark) {
  const list = useRef<HTMLUListElement>(null);
  /** Where the focus was, should its card leave the list. */
  const place = useRef(-1);
  const latest = useRef({ items, onMark });
  latest.current = { items, onMark };

  useEffect(() => {
    if (!isActive) return;
    const links = () => [...(list.current?.querySelectorAll<HTMLAnchorElement>("h2 a") ?? [])];
    const placeOf = () => {
      const card = document.activeElement?.closest("[data-incident]");
      return latest.current.items.findIndex(({ id }) => id === card?.getAttribute("data-incident"));
    };
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest("input, select, textarea, dialog")) return;
      const here = placeOf();
      const mark = MARK_KEYS[event.key];
      const incident = latest.current.items[here];
      if (mark && incident) latest.current.onMark(incident, mark);
      else if (event.key === "j") links()[Math.min(here + 1, links().length - 1)]?.focus();
      else if (event.key === "k") links()[Math.max(here - 1, 0)]?.focus();
      else return;
      event.preventDefault();
    };
    const remember = () => {
      place.current = placeOf();
    };
    window.addEventListener("keydown", press);
    document.addEventListener("focusin", remember);
    return () => {
      window.removeEventListener("keydown", press);
      document.removeEventListener("focusin", remember);
    };
  }, [isActive]);

  useEffect(() => {
    // The card with the focus was marked and no longer matches: its neighbour takes over.
    if (!isActive || place.current < 0 || document.activeElement !== document.body) return;
    const links = list.current?.querySelectorAll<HTMLAnchorElement>("h2 a");
    links?.[Math.min(place.current, links.length - 1)]?.focus();
  }, [items, isActive]);
  return list;
}
