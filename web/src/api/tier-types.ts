// Tiers, their volumes and what moves between them, as the server writes them.

export type VolumeCondition = "good" | "full" | "away" | "wrong";

export interface TierVolume {
  id: string;
  kind: "disk" | "s3";
  path_label: string;
  tier: string;
  condition: VolumeCondition;
  since: string | null;
  detail: string | null;
  free_bytes: number | null;
  total_bytes: number | null;
  reserve_bytes: number;
  used_bytes: number;
  seen_at: string | null;
}

export interface Tier {
  name: string;
  max_age_s: number | null;
  max_bytes: number | null;
  bandwidth_bytes_s: number | null;
  hours: string[];
  used_bytes: number;
  oldest: string | null;
  bytes_per_day: number | null;
  binding: { limit: "age" | "size" | "free"; at: string } | null;
  coming_segments: number;
  coming_bytes: number;
  volumes: TierVolume[];
  /** Volumes that were never reached. */
  waiting: string[];
}

export interface Move {
  segment: string;
  camera: string;
  from: string;
  to: string;
  source: string;
  target: string;
  bytes: number;
  is_under_way: boolean;
  detail: string | null;
}

export interface Tiers {
  tiers: Tier[];
  next_moves: Move[];
  forgotten: TierVolume[];
}
