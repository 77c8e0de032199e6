import { describe, expect, it } from "vitest";
import { factsLine } from "./facts";

describe("the facts of an audit entry", () => {
  it("begin with the span, in the site's zone", () => {
    const facts = {
      to: "2026-11-25T05:05:43.346000+00:00",
      from: "2026-11-25T04:34:43.346000+00:00",
      role: "main",
    };
    expect(factsLine(facts, "Europe/Berlin")).toBe(
      "from 25 Nov 2026, 05:34:43 · to 25 Nov 2026, 06:05:43 · role main",
    );
  });

  it("leave what only looks like a time, and write names as words", () => {
    expect(factsLine({ retention_days: "2026", name: "2026-11-25" }, "UTC")).toBe(
      "retention days 2026 · name 2026-11-25",
    );
  });
});
