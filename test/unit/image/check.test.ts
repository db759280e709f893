import { describe, expect, test } from "vitest";
import { checkImage, describeImage, isImageFor, targetOf } from "../../../src/image/check.js";
import type { Image } from "../../../src/image/image.js";
import { problemOf } from "../../problem.js";

const solo5 = (
  abi: number,
  architecture: Image["architecture"] = "x86_64",
  devices: { name: string; type: "net" | "block" }[] = [],
): Image => ({
  format: "elf64",
  architecture,
  system: { kind: "solo5", abi, abiVersion: 2, devices },
});
const bareImage: Image = { format: "linux-image", architecture: "aarch64", system: { kind: "unmarked" } };
const unikraftQemu: Image = {
  format: "elf32",
  architecture: "x86_64",
  system: { kind: "unikraft", platform: "qemu", version: "Helene 0.18.0" },
};

describe("an image in words", () => {
  test.each([
    [
      'Solo5 hvt (ABI 2), x86_64; needs net "service", block "storage"',
      solo5(1, "x86_64", [
        { name: "service", type: "net" },
        { name: "storage", type: "block" },
      ]),
    ],
    ["Solo5 spt (ABI 2), aarch64", solo5(2, "aarch64")],
    ["Solo5 target number 5 (unknown), x86_64", solo5(5)],
    ["Unikraft qemu (Helene 0.18.0), x86_64", unikraftQemu],
    ["Linux boot Image, aarch64", bareImage],
  ])("%s", (text, image) => {
    expect(describeImage(image)).toBe(text);
  });
});

test("the target is the one that an image names, else one whose VMM loads the format", () => {
  const images = [solo5(1), solo5(6), solo5(5), unikraftQemu, bareImage];
  expect(images.map(targetOf)).toEqual(["hvt", "xen", undefined, "unikraft-qemu", "unikraft-qemu"]);
});

describe("an image against what was asked for", () => {
  test("is accepted when system, format and architecture match", () => {
    expect(isImageFor(solo5(1), "hvt", "x86_64")).toBe(true);
    expect(isImageFor(solo5(6), "qubes", "x86_64")).toBe(true);
    expect(isImageFor(unikraftQemu, "unikraft-qemu", "x86_64")).toBe(true);
  });

  test("is refused with its own target and architecture", () => {
    const problem = problemOf(() => checkImage(solo5(2, "aarch64"), "hvt", "x86_64", "www.hvt"));
    expect(problem.message).toBe("www.hvt is a Solo5 spt image for aarch64, not hvt for x86_64");
    expect(problem.facts.do).toBe("set `target: spt` and `arch: aarch64`, or build it for hvt on x86_64");
  });

  test("is refused when it is the unstripped file next to a Unikraft image", () => {
    const problem = problemOf(() =>
      checkImage({ ...unikraftQemu, format: "elf64" }, "unikraft-qemu", "x86_64", "hello.dbg"),
    );
    expect(problem.facts).toEqual({
      found: "a 64-bit ELF file; its VMM loads a 32-bit ELF file",
      do: "use the image next to it, without the suffix .dbg",
    });
  });

  test("is accepted without a mark only where images are Linux boot Images", () => {
    expect(isImageFor(bareImage, "unikraft-qemu", "aarch64")).toBe(true);
    expect(isImageFor(bareImage, "hvt", "aarch64")).toBe(false);
    expect(isImageFor(bareImage, "unikraft-qemu", "x86_64")).toBe(false);
  });

  test("is refused when it is a kernel without a mark", () => {
    const image: Image = { format: "elf64", architecture: "x86_64", system: { kind: "unmarked" } };
    const problem = problemOf(() => checkImage(image, "hvt", "x86_64"));
    expect(problem.message).toBe(
      "the image is a kernel without the marks of Solo5 or Unikraft for x86_64, not hvt for x86_64",
    );
  });
});
