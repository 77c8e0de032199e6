import type { Incident } from "../api/event-types";
import { kindsName, lasted, objectsName } from "../parts/happening";
import { counted } from "../parts/quantities";
import { SeverityBadge } from "../parts/severity";
import { Snapshot } from "../parts/snapshot";
import { Time } from "../parts/time";
import { instant } from "../time/format";
import { type Mark, MarkButtons } from "./marks";

interface CardProps {
  incident: Incident;
  camera: string;
  href: string;
  now: number;
  onMark: (mark: Mark) => void;
}

/** One incident: what, where, when, how grave; all of it opens the moment. */
export function IncidentCard({ incident, camera, href, now, onMark }: CardProps) {
  const what = objectsName(incident.objects);
  const startMs = instant(incident.started_at);
  const isOpen = incident.ended_at === null;
  return (
    <article
      class={`incident ${incident.seen_at === null ? "new" : "seen"}`}
      data-incident={incident.id}
      data-state={isOpen ? "open" : "closed"}
    >
      <Snapshot address={incident.picture} box={incident.picture_box} alt="" />
      <div class="what">
        <div class="line">
          <h2>
            <a href={href}>{what}</a>
          </h2>
          <SeverityBadge severity={incident.severity} />
        </div>
        <p class="line">
          <span>{camera}</span>
          <span class="quiet">
            {kindsName(incident.kinds)}
            {incident.event_count > 1 && `, ${counted(incident.event_count, "event")}`}
          </span>
        </p>
        <p class="line">
          <Time at={incident.started_at} />
          <span class={isOpen ? "open" : "quiet"}>{lasted(startMs, instant(incident.ended_at), now)}</span>
        </p>
      </div>
      <footer>
        {incident.seen_at === null && <span class="badge new">new</span>}
        <MarkButtons incident={incident} name={`${what}, ${camera}`} onMark={onMark} />
      </footer>
    </article>
  );
}
