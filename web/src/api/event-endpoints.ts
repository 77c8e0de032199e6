// Incidents, events, rules, counts and the detector: one function per thing the page asks for.
import { address, call } from "./client";
import type {
  CameraEvent,
  CountQuery,
  Detector,
  EventCounts,
  EventQuery,
  Incident,
  IncidentQuery,
  Marks,
  ObjectCounts,
  Rule,
  RuleText,
} from "./event-types";
import type { Page } from "./types";

const id = encodeURIComponent;

export const listIncidents = (query: IncidentQuery, signal?: AbortSignal) =>
  call<Page<Incident>>("GET", address("/incidents", { ...query }), undefined, signal);
export const getIncident = (incident: string, signal?: AbortSignal) =>
  call<Incident>("GET", address(`/incidents/${id(incident)}`), undefined, signal);
export const markIncident = (incident: string, marks: Marks) =>
  call<Incident>("PATCH", address(`/incidents/${id(incident)}`), marks);

const EVENT_PAGE = 200;

/** The newest events that touch a span, at most so many; and whether there are more. */
export async function listEvents(
  query: EventQuery,
  most: number,
  signal?: AbortSignal,
): Promise<{ events: CameraEvent[]; isCut: boolean }> {
  const events: CameraEvent[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<CameraEvent> = await call(
      "GET",
      address("/events", { ...query, cursor, limit: EVENT_PAGE }),
      undefined,
      signal,
    );
    events.push(...page.items);
    cursor = page.next;
  } while (cursor && events.length < most);
  return { events, isCut: cursor !== null };
}

const rulesOf = (camera: string) => `/cameras/${id(camera)}/rules`;

export const listRules = async (camera: string, signal?: AbortSignal) =>
  (await call<{ items: Rule[] }>("GET", address(rulesOf(camera)), undefined, signal)).items;
export const addRule = (camera: string, text: RuleText) => call<Rule>("POST", address(rulesOf(camera)), text);
export const changeRule = (camera: string, rule: string, text: Partial<RuleText>) =>
  call<Rule>("PATCH", address(`${rulesOf(camera)}/${id(rule)}`), text);
export const removeRule = (camera: string, rule: string) =>
  call<void>("DELETE", address(`${rulesOf(camera)}/${id(rule)}`));

export const getDetector = (signal?: AbortSignal) =>
  call<Detector>("GET", address("/detector"), undefined, signal);

export const countObjects = (query: CountQuery, signal?: AbortSignal) =>
  call<ObjectCounts>("GET", address("/analytics/objects", { ...query }), undefined, signal);
export const countEvents = (query: CountQuery, signal?: AbortSignal) =>
  call<EventCounts>("GET", address("/analytics/events", { ...query }), undefined, signal);
