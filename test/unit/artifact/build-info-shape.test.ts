import { describe, expect, test } from "vitest";
import { Problem } from "../../../src/platform/problem.js";
import { parseBuildInfo } from "../../../src/artifact/build-info-shape.js";
import { legOf } from "../collect/fixtures.js";
import { toolchain } from "../release/fixtures.js";
import { passed } from "./fixtures.js";

const { info } = legOf({ verdict: passed });
const [image] = info.images;
const read = (value: unknown) => parseBuildInfo(JSON.stringify(value), "a/build-info.json");

describe("build info of an artifact", () => {
  test("is taken as publish writes it", () => expect(read(info)).toEqual(info));

  test.each<readonly [what: string, value: unknown]>([
    ["no image", { ...info, images: [] }],
    ["an image without its hash", { ...info, images: [{ ...image, sha256: undefined }] }],
    ["a name that leads elsewhere", { ...info, images: [{ ...image, file: "../x" }] }],
    ["a boot without a summary", { ...info, images: [{ ...image, boots: [{ ...image?.boots[0], summary: 1 }] }] }],
    ["attempts that are none", { ...info, images: [{ ...image, boots: [{ ...image?.boots[0], attempts: [1] }] }] }],
    [
      "an accelerator that no table has a word for",
      {
        ...info,
        images: [{ ...image, boots: [{ ...image?.boots[0], attempts: [{ accelerator: "hvf", monitor: "qemu" }] }] }],
      },
    ],
    ["a toolchain from where none can be", { ...info, toolchain: { ...toolchain, source: "moon" } }],
    ["no date", { ...info, createdAt: "today" }],
    ["a build without its steps", { ...info, build: { configureArgs: [] } }],
  ])("with %s is refused", (_, value) => {
    expect(() => read(value)).toThrow(Problem);
    expect(() => read(value)).toThrow("a/build-info.json lacks fields that build info has");
  });

  test("has its fields itself: a key that would be a prototype is a key like another", () => {
    const text = `{"schema":2,"__proto__":${JSON.stringify(info)}}`;
    expect(() => parseBuildInfo(text, "a/build-info.json")).toThrow(
      "a/build-info.json lacks fields that build info has",
    );
  });
});
