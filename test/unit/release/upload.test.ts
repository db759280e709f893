import { describe, expect, it } from "vitest";
import { differences, planUploads } from "../../../src/release/upload.js";
import { local, remote } from "./fixtures.js";

const none = new Set<number>();

describe("the uploads to a draft", () => {
  it("are all of it at first", () => {
    const wanted = [local("a"), local("b")];
    expect(planUploads(wanted, [], none)).toEqual({ keep: [], remove: [], upload: wanted, foreign: [] });
  });

  it("are none where everything is there", () => {
    const there = [remote(1, "a")];
    expect(planUploads([local("a")], there, none)).toEqual({ keep: there, remove: [], upload: [], foreign: [] });
  });

  it.each([
    ["an incomplete upload", { isComplete: false }],
    ["another size", { bytes: 2 }],
    ["another content", { sha256: "d".repeat(64) }],
    ["a content that nobody tells", { sha256: undefined }],
  ])("begin again after the deletion of %s", (_, more) => {
    const there = remote(1, "a", more);
    expect(planUploads([local("a")], [there], none)).toEqual({
      keep: [],
      remove: [there],
      upload: [local("a")],
      foreign: [],
    });
  });

  it("trust what this run has uploaded, where the service tells no digests", () => {
    const there = remote(1, "a", { sha256: undefined });
    expect(planUploads([local("a")], [there], new Set([1])).upload).toEqual([]);
    expect(planUploads([local("a")], [{ ...there, bytes: 2 }], new Set([1])).remove).toHaveLength(1);
  });

  it("touch no file of others", () => {
    const there = remote(1, "x");
    expect(planUploads([local("a")], [there], none)).toEqual({
      keep: [],
      remove: [],
      upload: [local("a")],
      foreign: [there],
    });
  });
});

describe("a published release", () => {
  it("is the same with the same files, and where only sizes can be compared", () => {
    expect(differences([local("a")], [remote(1, "a")])).toEqual([]);
    expect(differences([local("a")], [remote(1, "a", { sha256: undefined })])).toEqual([]);
  });

  it("is compared file by file", () => {
    const wanted = [local("a"), local("b"), local("c")];
    const there = [remote(1, "a", { sha256: "d".repeat(64) }), remote(2, "b", { bytes: 2 }), remote(3, "x")];
    expect(differences(wanted, there)).toEqual([
      `a has SHA-256 ${"d".repeat(64)} there, but ${"c".repeat(64)} here`,
      "b has 2 bytes there, but 3 here",
      "c is missing",
      "x is not part of this release",
    ]);
  });
});
