import { expect, it } from "vitest";
import { readTag } from "../../../src/release/tag.js";

it.each([
  ["v1.2.3", "1.2.3", false],
  ["1.2.3", "1.2.3", false],
  ["v1.2", "1.2", false],
  ["2026.08.1", "2026.08.1", false],
  ["v1.2.3-rc.1", "1.2.3-rc.1", true],
  ["v1.2.3+deb12", "1.2.3+deb12", false],
])("%s is version %s", (tag, version, isPrerelease) => {
  expect(readTag(tag)).toEqual({ tag, version, isPrerelease });
});

it.each(["v1", "main", "", "v1.2.3/../x", "v1.2.3 ", "vv1.2", "v1.2.3\nx", "www-1.2.3"])("%j is no version", (tag) => {
  expect(() => readTag(tag)).toThrow("is no version");
});
