import { markIncident } from "../api/event-endpoints";
import type { Incident, Marks } from "../api/event-types";
import { Icon } from "../parts/icon";
import { useSubmit } from "../parts/use-submit";

export type Mark = "seen" | "true" | "false" | "archived";

export const MARK_KEYS: Record<string, Mark> = { s: "seen", t: "true", f: "false", a: "archived" };

export const mayMark = (incident: Incident) => incident.actions.includes("annotate");

/** The same mark a second time takes it back; who judges an incident has seen it. */
export function marksFor(incident: Incident, mark: Mark): Marks {
  if (mark === "seen") return { seen: incident.seen_at === null };
  if (mark === "archived") return { archived: incident.archived_by === null };
  return incident.verdict === mark ? { verdict: null } : { verdict: mark, seen: true };
}

export function useMarks(onChange: (incident: Incident) => void) {
  const { isBusy, error, run } = useSubmit();
  const mark = (incident: Incident, made: Mark) => {
    if (mayMark(incident)) {
      void run(async () => onChange(await markIncident(incident.id, marksFor(incident, made))));
    }
  };
  return { isBusy, error, mark };
}

interface MarkButtonsProps {
  incident: Incident;
  /** Names the incident for those who hear one button at a time. */
  name: string;
  onMark: (mark: Mark) => void;
  hasKeys?: boolean;
}

/** Seen, true, false, archived: each is pressed or not. */
export function MarkButtons({ incident, name, onMark, hasKeys = false }: MarkButtonsProps) {
  const buttons: readonly [Mark, string, boolean][] = [
    ["seen", "Seen", incident.seen_at !== null],
    ["true", "True", incident.verdict === "true"],
    ["false", "False alarm", incident.verdict === "false"],
    ["archived", "Archive", incident.archived_by !== null],
  ];
  return (
    <fieldset class="marking" disabled={!mayMark(incident)}>
      <legend class="unseen">Mark {name}</legend>
      {buttons.map(([mark, text, isPressed]) => (
        <button
          key={mark}
          type="button"
          class={`plain ${mark === "true" || mark === "false" ? `verdict-${mark}` : ""}`}
          aria-pressed={isPressed}
          onClick={() => onMark(mark)}
        >
          {isPressed && <Icon name="tick" />}
          {text}
          {hasKeys && (
            <span class="key" aria-hidden="true">
              {mark.charAt(0)}
            </span>
          )}
        </button>
      ))}
    </fieldset>
  );
}
