// The bodies of /api/v1, as docs/reference/openapi.json describes them. Times are ISO 8601 in UTC.
import type { Detecting } from "./event-types";

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface SignedIn {
  id: string;
  name: string;
  actions: string[];
}

export interface Session {
  user: SignedIn | null;
  needs_setup: boolean;
  site: { name: string; zone: string };
  clear_text_legs: number;
}

export type StreamRole = "main" | "sub";

export interface StreamState {
  condition: "recording" | "standby" | "connecting" | "failed" | "off";
  since: string;
  detail: string;
  codec: string;
  width_px: number;
  height_px: number;
  frames_per_second: number;
  bits_per_second: number;
  is_clear_text: boolean;
  seen_at: string;
}

export type RecordingMode = "continuous" | "motion" | "events" | "off";
export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/** A span of the week with a mode of its own, by the site's clock. */
export interface WeekSpan {
  days: Weekday[];
  /** "06:30"; an end that is not later is the next day's. */
  start: string;
  end: string;
  mode: RecordingMode;
}

export interface Stream {
  id: string;
  role: StreamRole;
  /** Empty, as the user is, for those who may not configure the camera. */
  url: string;
  user: string;
  has_password: boolean;
  mode: RecordingMode;
  schedule: WeekSpan[];
  state: StreamState | null;
}

export interface Camera {
  id: string;
  name: string;
  is_enabled: boolean;
  retention_days: number;
  /** Whether its sound is recorded, too. */
  audio: boolean;
  created_at: string;
  actions: string[];
  streams: Stream[];
}

export interface StreamDraft {
  role: StreamRole;
  url: string;
  user: string;
  /** null keeps the stored one, "" clears it. */
  password: string | null;
  mode?: RecordingMode;
  /** Left out: as it is. */
  schedule?: WeekSpan[];
}

export interface CameraDraft {
  name: string;
  retention_days: number;
  audio: boolean;
  streams: StreamDraft[];
}

export interface CameraChange extends Partial<CameraDraft> {
  is_enabled?: boolean;
}

export interface ProbeRequest {
  url: string;
  user: string;
  password: string | null;
  camera?: string;
}

export interface Probe {
  codec: string;
  width_px: number;
  height_px: number;
  frames_per_second: number;
  is_clear_text: boolean;
  picture: string;
}

export type Coverage = "recorded" | "open" | "gap" | "before" | "ahead";

export interface Span {
  from: string;
  to: string;
  coverage: Coverage;
  cause?: string | null;
  /** Nothing was lost: it is not recorded because somebody wants it so. */
  is_on_purpose?: boolean;
  detail?: string | null;
}

export interface Timeline {
  from: string;
  to: string;
  known_since: string;
  oldest: string | null;
  newest: string | null;
  spans: Span[];
  bucket_s: number | null;
  /** Start, share recorded, share not recorded on purpose. */
  buckets: [string, number, number][];
}

export interface VolumeUse {
  id: string;
  path_label: string;
  free_bytes: number;
  total_bytes: number;
  reserve_bytes: number;
}

export interface CameraUse {
  id: string;
  name: string;
  bytes: number;
  segments: { open: number; closed: number; recovered: number; lost: number };
  oldest: string | null;
  newest: string | null;
  gaps_24h: { count: number; seconds: number };
  bytes_per_day: number;
}

export interface StorageUse {
  volumes: VolumeUse[];
  cameras: CameraUse[];
  spool_rows: number;
}

export interface Grant {
  role: string;
  /** null: every camera, those added later too. */
  cameras: string[] | null;
}

export interface User {
  id: string;
  name: string;
  is_disabled: boolean;
  created_at: string;
  grants: Grant[];
}

export interface UserDraft {
  name: string;
  password: string;
  grants: Grant[];
}

export interface UserChange {
  is_disabled?: boolean;
  password?: string;
  grants?: Grant[];
}

export interface Role {
  name: string;
  actions: string[];
  is_preset: boolean;
}

export interface AuditEntry {
  id: string;
  at: string;
  subject: string;
  address: string;
  action: string;
  target: string;
  outcome: string;
  reason: string;
  facts: Record<string, string>;
}

export interface AuditFilter {
  subject?: string;
  camera?: string;
  from?: string;
  to?: string;
  cursor?: string;
}

export interface Health {
  sentence: string;
  alarms?: string[];
  cameras: { recording: number; total: number };
  database: "ok" | "behind";
  demo: { state: "off" | "preparing" | "on"; progress: number; detail: string };
  detector?: Detecting;
}
