// Holds: one function per thing the page asks for.
import { address, call } from "./client";
import type { Hold, HoldDraft, HoldQuery } from "./hold-types";
import type { Page } from "./types";

const of = (hold: string, rest = "") => address(`/holds/${encodeURIComponent(hold)}${rest}`);

export const listHolds = (query: HoldQuery, signal?: AbortSignal) =>
  call<Page<Hold>>("GET", address("/holds", { ...query }), undefined, signal);
export const getHold = (hold: string, signal?: AbortSignal) => call<Hold>("GET", of(hold), undefined, signal);
export const placeHold = (draft: HoldDraft) => call<Hold>("POST", address("/holds"), draft);
export const extendHold = (hold: string, expires_at: string | null) =>
  call<Hold>("PATCH", of(hold), { expires_at });
export const askRelease = (hold: string, reason: string, ends_at: string | null) =>
  call<Hold>("POST", of(hold, "/release"), { reason, ends_at });
export const confirmRelease = (hold: string) => call<Hold>("POST", of(hold, "/release/confirmation"));
export const withdrawRelease = (hold: string) => call<Hold>("DELETE", of(hold, "/release"));
