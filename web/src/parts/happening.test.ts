import { expect, it } from "vitest";
import { directionName, groupsOf, kindsName, lasted, objectsName } from "./happening";

it("objects are named as a person would", () => {
  expect(objectsName(["person"])).toBe("Person");
  expect(objectsName(["person", "traffic_light"])).toBe("Person and traffic light");
  expect(objectsName(["car", "dog", "person"])).toBe("Car, dog and person");
  expect(objectsName([])).toBe("Something");
});

it("kinds come in one order, whatever the server's", () => {
  expect(kindsName(["line_cross", "object"])).toBe("Appeared, line crossed");
});

it("a direction is said only where there is one", () => {
  expect(directionName("left_to_right")).toBe("from left to right");
  expect(directionName("any")).toBe("");
  expect(directionName(null)).toBe("");
});

it("what is not over says so", () => {
  expect(lasted(0, 12_000, 99_000)).toBe("12 s");
  expect(lasted(0, 200, 99_000)).toBe("a moment");
  expect(lasted(0, null, 99_000)).toBe("going on for 1 min 39 s");
});

it("a group is offered when the model finds one of it", () => {
  expect(groupsOf(["person", "car"])).toEqual(["person", "vehicle"]);
  expect(groupsOf([])).toEqual(["person", "vehicle", "cycle", "animal"]);
});
