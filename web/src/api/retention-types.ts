// The bodies of retention and the forecast, as docs/reference/openapi.json describes them.

export interface Rule {
  data_class: string;
  keep_days: number;
  /** Who says so: the class, the site, the camera; "asked" where nothing is saved yet. */
  origin: "class" | "site" | "camera" | "asked";
}

export interface CameraRules {
  camera: string;
  name: string;
  rules: Rule[];
}

export interface Fate {
  is_due: boolean;
  goes_at: string | null;
  rule: Rule | null;
}

export interface Why {
  role: "main" | "sub";
  here: "stored" | "deleted" | "gap" | "nothing";
  reason: string;
  segment: string | null;
  from: string | null;
  to: string | null;
  bytes: number;
  data_class: string;
  place: string;
  fate: Fate | null;
  deleted_at: string | null;
}

export interface Going {
  camera: string;
  data_class: string;
  from: string;
  to: string;
  reason: string;
  /** Events claim some of it, which will stay as clips. */
  is_at_most: boolean;
  segments: number;
  bytes: number;
  oldest: string;
  newest: string;
}

/** When; least, expected and most bytes. */
export type ForecastPoint = [string, number, number, number];

export interface TierForecast {
  name: string;
  capacity_bytes: number | null;
  line: ForecastPoint[];
  full_at: string | null;
  full_from: string | null;
  full_until: string | null;
}

export interface CameraForecast {
  camera: string;
  name: string;
  keep_days: number;
  known_h: number;
  bytes_per_day: number | null;
  steps: { at: string; ratio: number }[];
  line: ForecastPoint[];
  reached_at: string | null;
  days: number | null;
  days_low: number | null;
}

export interface Forecast {
  at: string;
  spread: number | null;
  days_known: number;
  tiers: TierForecast[];
  classes: { data_class: string; line: ForecastPoint[] }[];
  cameras: CameraForecast[];
  unknown: string[];
  miss: {
    made_at: string;
    expected_bytes: number;
    came_bytes: number;
    miss: number;
    of_steps: number;
    days: number;
  } | null;
}

export interface WhatIf {
  going: Going[];
  freed_bytes: number;
  before: Forecast;
  after: Forecast;
}
