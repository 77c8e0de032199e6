import { describe, expect, it } from "vitest";
import { address } from "./client";
import { messageOf, problemOf } from "./problem";

describe("a problem", () => {
  it("is shown in the server's own sentence", () => {
    const problem = problemOf(409, {
      type: "about:blank",
      title: "Conflict",
      status: 409,
      detail: "There is a camera “Front door” already; choose another name.",
    });
    expect(messageOf(problem)).toBe("There is a camera “Front door” already; choose another name.");
    expect(problem.status).toBe(409);
    expect(problem.title).toBe("Conflict");
  });

  it("names the places in a body that do not fit", () => {
    const places = [
      { place: "streams.0.url", sentence: "too short" },
      { place: "name", sentence: "missing" },
    ];
    expect(problemOf(422, { detail: "This does not fit.", places }).message).toBe(
      "This does not fit. streams.0.url: too short; name: missing",
    );
  });

  it("tells which field it is about, when the server does", () => {
    expect(problemOf(422, { detail: "A rule needs a name.", field: "name" }).field).toBe("name");
    const places = [{ place: "body.points.0", sentence: "too short" }];
    expect(problemOf(422, { places }).field).toBe("points");
    expect(problemOf(500, {}).field).toBe("");
  });

  it("has a sentence even when the server said nothing", () => {
    expect(problemOf(403, undefined).message).toBe("Your roles do not allow this.");
    expect(problemOf(502, "<html>").message).toBe("The server answered with status 502.");
    expect(problemOf(500, { detail: [] }).message).toBe("The server answered with status 500.");
  });

  it("says whether waiting may help", () => {
    expect(problemOf(503, {}).isPassing).toBe(true);
    expect(problemOf(404, {}).isPassing).toBe(false);
  });
});

describe("an address", () => {
  it("leaves out what is not asked", () => {
    expect(address("/audit", { subject: "", camera: null, limit: 50, cursor: undefined })).toBe(
      "/api/v1/audit?limit=50",
    );
    expect(address("/health")).toBe("/api/v1/health");
  });

  it("repeats the name of a list", () => {
    expect(address("/incidents", { camera: ["gate", "yard"], kind: [] })).toBe(
      "/api/v1/incidents?camera=gate&camera=yard",
    );
  });

  it("escapes what it carries", () => {
    expect(address("/audit", { from: "2026-11-25T14:00:00+01:00" })).toBe(
      "/api/v1/audit?from=2026-11-25T14%3A00%3A00%2B01%3A00",
    );
  });
});
