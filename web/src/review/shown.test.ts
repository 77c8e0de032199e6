import { describe, expect, it } from "vitest";
import type { Incident } from "../api/event-types";
import { NOTHING, withChanged, withHead, withOlder, withWaiting } from "./shown";

const incident = (id: string, part: Partial<Incident> = {}) => ({ id, event_count: 1, ...part }) as Incident;
const page = (ids: string, next: string | null = null) => ({
  items: [...ids].map((id) => incident(id)),
  next,
});
const ids = (items: readonly Incident[]) => items.map(({ id }) => id).join("");

const LOADED = withHead(NOTHING, page("edc", "more"), false);

describe("the list of incidents", () => {
  it("begins with the newest page", () => {
    expect(ids(LOADED.items)).toBe("edc");
    expect(LOADED.cursor).toBe("more");
  });

  it("takes a new one in at the top", () => {
    const shown = withHead(LOADED, page("fed", "m"), false);
    expect(ids(shown.items)).toBe("fedc");
    expect(shown.cursor).toBe("more");
  });

  it("lets new ones wait while someone reads further down", () => {
    const shown = withHead(LOADED, page("gfed", "m"), true);
    expect(ids(shown.waiting)).toBe("gf");
    expect(ids(shown.items)).toBe("edc");
    expect(ids(withWaiting(shown).items)).toBe("gfedc");
    expect(ids(withWaiting(shown).waiting)).toBe("");
  });

  it("keeps the older ones that the newest page does not span", () => {
    const long = withOlder(LOADED, page("ba", "end"));
    const shown = withHead(long, page("fed", "m"), false);
    expect(ids(shown.items)).toBe("fedcba");
    expect(shown.cursor).toBe("end");
  });

  it("drops what no longer matches", () => {
    expect(ids(withHead(LOADED, page("ec", null), false).items)).toBe("ec");
    expect(withHead(LOADED, page("", null), false).items).toEqual([]);
  });

  it("begins anew when it knows none of the newest page", () => {
    const shown = withHead(LOADED, page("zyx", "m"), true);
    expect(ids(shown.items)).toBe("zyx");
    expect(shown.waiting).toEqual([]);
  });

  it("does not show one twice that moved between two pages", () => {
    expect(ids(withOlder(LOADED, page("cba")).items)).toBe("edcba");
  });

  it("changes one where it stands", () => {
    const shown = withChanged(LOADED, incident("d", { event_count: 5 }));
    expect(shown.items.map((item) => item.event_count)).toEqual([1, 5, 1]);
  });
});
