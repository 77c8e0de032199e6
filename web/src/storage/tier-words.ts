// What is said of tiers and their volumes.
import type { Tier, TierVolume, VolumeCondition } from "../api/tier-types";
import { bytes } from "../parts/quantities";
import type { Tone } from "../parts/state-dot";
import { day, length } from "../time/format";

export const CONDITIONS: Record<VolumeCondition, { word: string; tone: Tone }> = {
  good: { word: "good", tone: "good" },
  full: { word: "full", tone: "busy" },
  away: { word: "away", tone: "bad" },
  wrong: { word: "wrong volume", tone: "bad" },
};

const LIMITS = { age: "age", size: "size", free: "free space" };

/** "age, on 4 May 2026"; of a limit that is reached already: "age, now". */
export function bindingOf(tier: Tier, isLast: boolean, zone: string, now: number): string {
  if (!tier.binding) return isLast ? "nothing" : "not enough data";
  const at = Date.parse(tier.binding.at);
  const word = LIMITS[tier.binding.limit];
  return at <= now ? `${word}, now` : `${word}, on ${day(at, zone)}`;
}

/** What moves a segment on: "after 7 d or beyond 10.0 TB"; of the last tier where that is nowhere. */
export function limitsOf(tier: Tier, isLast: boolean): string {
  const parts: string[] = [];
  if (tier.max_age_s !== null) parts.push(`after ${length(tier.max_age_s)}`);
  if (tier.max_bytes !== null) parts.push(`beyond ${bytes(tier.max_bytes)}`);
  if (isLast) return "stays until it expires";
  return parts.length > 0 ? parts.join(" or ") : "only when a disk gets full";
}

/** "210 GB of 1.0 TB free"; a bucket has no bounds. */
export function roomOf(volume: TierVolume): string {
  if (volume.free_bytes === null || volume.total_bytes === null)
    return volume.seen_at === null ? "not seen yet" : "no bounds";
  return `${bytes(volume.free_bytes)} of ${bytes(volume.total_bytes)} free`;
}

/** How moves into a tier may run: "at most 50.0 MB/s, 22:00-06:00"; nothing if at any speed and time. */
export function paceOf(tier: Tier): string | null {
  const parts: string[] = [];
  if (tier.bandwidth_bytes_s !== null) parts.push(`at most ${bytes(tier.bandwidth_bytes_s)}/s`);
  if (tier.hours.length > 0) parts.push(tier.hours.join(" and "));
  return parts.length > 0 ? parts.join(", ") : null;
}
