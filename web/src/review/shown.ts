// The list on show, and what becomes of it when the server knows more.
import type { Incident } from "../api/event-types";
import type { Page } from "../api/types";

export interface Shown {
  items: readonly Incident[];
  /** New ones that wait above the list, so that it does not move under the reader's eyes. */
  waiting: readonly Incident[];
  /** For older ones; null at the end. */
  cursor: string | null;
  isLoaded: boolean;
}

export const NOTHING: Shown = { items: [], waiting: [], cursor: null, isLoaded: false };

/**
 * Takes in the newest page, which replaces all that it spans; what is older stays as it was.
 *
 * @param holdsNew Whether incidents above the first one on show wait instead of coming in.
 */
export function withHead(shown: Shown, head: Page<Incident>, holdsNew: boolean): Shown {
  if (!shown.isLoaded) return { items: head.items, waiting: [], cursor: head.next, isLoaded: true };
  const known = new Set(shown.items.map(({ id }) => id));
  const firstKnown = holdsNew ? head.items.findIndex(({ id }) => known.has(id)) : 0;
  const above = firstKnown < 0 ? head.items.length : firstKnown;
  // Without one that is known there is nothing to hold apart from: the list begins anew.
  const isHolding = holdsNew && firstKnown > 0;
  const waiting = isHolding ? head.items.slice(0, above) : [];
  const fresh = isHolding ? head.items.slice(above) : head.items;
  const inHead = new Set(head.items.map(({ id }) => id));
  const lastKnown = shown.items.findLastIndex(({ id }) => inHead.has(id));
  const older = head.next === null || lastKnown < 0 ? [] : shown.items.slice(lastKnown + 1);
  return {
    items: [...fresh, ...older],
    waiting,
    cursor: older.length > 0 ? shown.cursor : head.next,
    isLoaded: true,
  };
}

/** Lets the waiting ones in. */
export const withWaiting = (shown: Shown): Shown => ({
  ...shown,
  items: [...shown.waiting, ...shown.items],
  waiting: [],
});

export function withOlder(shown: Shown, page: Page<Incident>): Shown {
  const known = new Set(shown.items.map(({ id }) => id));
  return {
    ...shown,
    items: [...shown.items, ...page.items.filter(({ id }) => !known.has(id))],
    cursor: page.next,
  };
}

/** One incident as it now is; its events are not the list's business. */
export const withChanged = (shown: Shown, changed: Incident): Shown => ({
  ...shown,
  items: shown.items.map((item) => (item.id === changed.id ? changed : item)),
});
