// Holds: orders to keep footage. Times are ISO 8601 in UTC.

export type HoldState = "standing" | "release_asked" | "released" | "expired";
export type HoldAction = "extend" | "ask_release" | "confirm_release" | "withdraw_release";

export interface Hold {
  id: string;
  state: HoldState;
  /** null: every camera, those added later too. */
  cameras: string[] | null;
  from: string;
  to: string;
  reason: string;
  incident: string | null;
  event: string | null;
  case: string;
  owner: string;
  created_at: string;
  /** null: never. */
  expires_at: string | null;
  release: { asked_by: string; asked_at: string; reason: string; ends_at: string | null } | null;
  released_at: string | null;
  released_by: string | null;
  actions: HoldAction[];
  /** Only where one hold was asked for, or placed; null too while it cannot be added up. */
  kept: { segments: number; bytes: number } | null;
  /** Segments that had been given up before. */
  going: number;
}

export interface HoldDraft {
  reason: string;
  cameras?: string[];
  all_cameras?: boolean;
  from?: string;
  to?: string;
  incident?: string;
  case?: string;
  expires_at?: string | null;
}

export interface HoldQuery {
  camera?: string;
  from?: string;
  to?: string;
  ended?: "true";
  cursor?: string;
  limit?: number;
}
