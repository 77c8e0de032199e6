import type { Probe, Stream, StreamDraft } from "../api/types";

export interface Tested {
  draft: StreamDraft;
  probe: Probe;
}

/** A stored stream as the form edits it; null keeps the password that the page never sees. */
export const draftOf = ({ role, url, user, has_password, mode, schedule }: Stream): StreamDraft => ({
  role,
  url,
  user,
  password: has_password ? null : "",
  mode,
  schedule,
});

/** Whether two drafts ask the camera the same thing; whether it is recorded does not matter to that. */
export const isSame = (a: StreamDraft, b: StreamDraft) =>
  a.role === b.role && a.url.trim() === b.url.trim() && a.user === b.user && a.password === b.password;

export const isTested = (tested: readonly Tested[], draft: StreamDraft) =>
  tested.some((known) => isSame(known.draft, draft));
