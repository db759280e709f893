import { describe, expect, it } from "vitest";
import { closest, didYouMean } from "../../../src/platform/closest.js";

const known = ["hvt", "spt", "virtio", "unikraft-qemu", "unikraft-firecracker", "x86_64", "aarch64", "arm64"];

describe("a mistyped word", () => {
  it.each([
    ["sptt", "spt"],
    ["stp", "spt"],
    ["VIRTOI", "virtio"],
    ["unikraft-quemu", "unikraft-qemu"],
    ["x86-64", "x86_64"],
    ["firecracker", "unikraft-firecracker"],
  ])("%s means %s", (word, meant) => {
    expect(closest(word, known)).toBe(meant);
  });

  it.each(["", "SPT", "windows", "unikraft", "a".repeat(10_000)])("%j means nothing else", (word) => {
    expect(closest(word, known)).toBeUndefined();
  });

  it("is named in a sentence", () => {
    expect(didYouMean("sptt", known)).toBe("; did you mean spt?");
    expect(didYouMean("windows", known)).toBe("");
  });
});
