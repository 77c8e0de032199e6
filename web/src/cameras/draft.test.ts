import { expect, it } from "vitest";
import type { Probe, Stream } from "../api/types";
import { draftOf, isSame, isTested } from "./draft";

const STREAM: Stream = {
  id: "1",
  role: "main",
  url: "rtsp://cam/1",
  user: "ada",
  has_password: true,
  mode: "continuous",
  schedule: [],
  state: null,
};
const PROBE = {} as Probe;

it("a stored password is kept unless it is typed anew", () => {
  const draft = draftOf(STREAM);
  expect(draft.password).toBeNull();
  expect(isSame(draft, { ...draft, password: "" })).toBe(false);
});

it("a test holds for exactly the address, user and password that were tested", () => {
  const draft = draftOf(STREAM);
  const tested = [{ draft, probe: PROBE }];
  expect(isTested(tested, { ...draft, mode: "off" })).toBe(true);
  expect(isTested(tested, { ...draft, url: "rtsp://cam/2" })).toBe(false);
  expect(isTested(tested, { ...draft, user: "bob" })).toBe(false);
  expect(isTested(tested, { ...draft, password: "new" })).toBe(false);
});
