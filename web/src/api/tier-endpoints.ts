// Tiers: one function per thing the page asks for.
import { address, call } from "./client";
import type { Tiers } from "./tier-types";

export const getTiers = (signal?: AbortSignal) =>
  call<Tiers>("GET", address("/storage/tiers"), undefined, signal);
