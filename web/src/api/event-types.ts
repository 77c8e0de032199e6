// What was detected, why it was told, and how the detector fares. Times are ISO 8601 in UTC.

export type EventKind = "object" | "zone_visit" | "line_cross";
export type Severity = 0 | 1 | 2 | 3;
export type Direction = "any" | "left_to_right" | "right_to_left";
export type Verdict = "true" | "false";

/** Left, top, right, bottom as shares of the picture. */
export type Edges = [number, number, number, number];

/** x and y as shares of the picture, the origin top left. */
export type PointShares = [number, number];

export interface CameraEvent {
  id: string;
  incident: string | null;
  camera: string;
  kind: EventKind;
  object: string;
  started_at: string;
  /** null while it goes on. */
  ended_at: string | null;
  end_reason: string | null;
  detected_at: string;
  confidence: number;
  severity: Severity;
  severity_name: string;
  severity_reasons: string[];
  rule: { id: string; version: number; name: string };
  track: string;
  direction: Direction | null;
  flags?: string[];
  box: Edges;
  picture: string | null;
  model: { name: string; version: string };
  revision: number;
}

export interface Incident {
  id: string;
  camera: string;
  started_at: string;
  ended_at: string | null;
  severity: Severity;
  severity_name: string;
  kinds: EventKind[];
  objects: string[];
  event_count: number;
  /** When the picture that stands for it was taken. */
  best_at?: string;
  picture: string | null;
  picture_box: Edges | null;
  seen_at: string | null;
  seen_by: string | null;
  verdict: Verdict | null;
  verdict_by: string | null;
  /** Who wants it and its footage kept as an archived event. */
  archived_by: string | null;
  actions: string[];
  /** Only where one incident was asked for. */
  events?: CameraEvent[];
}

export interface IncidentQuery {
  camera?: readonly string[];
  kind?: readonly string[];
  object?: readonly string[];
  severity?: number;
  verdict?: Verdict | "none";
  seen?: "true" | "false";
  from?: string;
  to?: string;
  cursor?: string;
  limit?: number;
}

export interface EventQuery {
  camera?: readonly string[];
  from?: string;
  to?: string;
  cursor?: string;
  limit?: number;
}

export interface Marks {
  seen?: boolean;
  archived?: boolean;
  verdict?: Verdict | null;
}

export interface RuleText {
  name: string;
  kind: EventKind;
  objects: string[];
  points: PointShares[];
  direction: Direction;
  severity: Severity;
  anchor: "foot" | "centre";
  is_enabled: boolean;
}

export interface Rule extends RuleText {
  id: string;
  version: number;
  /** What it asks for and the running model cannot find. */
  lacking: string[];
}

export type DetectorPhase = "starting" | "fetching" | "ready" | "failed" | "off";

export interface Watched {
  camera: string;
  condition: "watching" | "waiting" | "failed";
  detail: string;
  frames_analysed: number;
  frames_skipped: number;
  latency_s: number;
  objects: number;
  seen_at: string;
}

export interface Detector {
  phase: DetectorPhase;
  model: string;
  version: string;
  engine: string;
  licence: string;
  objects: string[];
  is_stand_in: boolean;
  detail: string;
  sandbox: string[];
  seen_at: string | null;
  cameras: Watched[];
}

/** The detector as the health tells it: in short. */
export interface Detecting {
  phase: DetectorPhase;
  model: string;
  is_stand_in: boolean;
  detail: string;
  watching: number;
  total: number;
}

export type Step = "5m" | "15m" | "1h" | "1d" | "1w";

interface Counted {
  step: Step;
  zone: string;
  from: string;
  to: string;
  /** All that was written before is counted; null when nothing was counted yet. */
  as_of: string | null;
  /** Steps that end until then are whole. */
  complete_until: string;
}

export interface ObjectSeries {
  camera: string;
  object: string;
  /** Start of the step, how many came, mean confidence. */
  points: [string, number, number | null][];
}

export interface EventSeries {
  camera: string;
  kind: EventKind;
  /** Start of the step, how many began, how many of each severity. */
  points: [string, number, [number, number, number, number]][];
}

export interface ObjectCounts extends Counted {
  series: ObjectSeries[];
}

export interface EventCounts extends Counted {
  series: EventSeries[];
}

export interface CountQuery {
  camera?: readonly string[];
  from: string;
  to: string;
  step: Step;
}
