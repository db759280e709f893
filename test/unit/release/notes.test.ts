import { expect, it } from "vitest";
import { type NamedImage, imagesOf } from "../../../src/release/images.js";
import { generatedNotes, notesWith } from "../../../src/release/notes.js";
import { artifact, bootWith } from "./fixtures.js";

const place = { repository: "someone/www", tag: "v1.2.3" };
const notesFor = (...artifacts: ReturnType<typeof artifact>[]) =>
  generatedNotes(imagesOf(artifacts, "1.2.3") as [NamedImage, ...NamedImage[]], place);

it("say what each image is and how it booted", () => {
  const notes = notesFor(artifact("a"), artifact("b", { unikernel: "dns", boots: [] }, { toolchain: null }));
  expect(notes).toContain("| hvt x86_64 |");
  expect(notes).toMatch(/passed: seen <code>listening<\/code>/);
  expect(notes).toMatch(/not booted \| its own toolchain/);
});

it("say how to verify them, with commands that name this release", () => {
  expect(notesFor(artifact("a"))).toContain(
    [
      "```sh",
      "gh release download v1.2.3 --repo someone/www",
      "sha256sum --check SHA256SUMS",
      "gh attestation verify www-1.2.3-hvt-x86_64 --repo someone/www",
      "```",
    ].join("\n"),
  );
});

it("name the repository whose reusable workflow has attested them", () => {
  const [image] = imagesOf([artifact("a")], "1.2.3") as [NamedImage];
  expect(generatedNotes([image], { ...place, signer: "makers/unikernel-ci" })).toContain(
    "gh attestation verify www-1.2.3-hvt-x86_64 --repo someone/www --signer-repo makers/unikernel-ci\n",
  );
});

it("take no markup from a guest", () => {
  expect(notesFor(artifact("a", { boots: [bootWith("passed", "<img src=x> | @everyone")] }))).not.toMatch(
    /<img|@everyone/,
  );
});

it("are brought up to date without a change to what a person wrote", () => {
  const first = notesWith(notesFor(artifact("a")), "Hello.", undefined);
  expect(first.startsWith("Hello.\n\n")).toBe(true);
  const edited = `Edited.\r\n\r\n${first.slice("Hello.\n\n".length)}\r\n\r\nThanks.`;
  const fresh = notesFor(artifact("a", { unikernel: "dns" }));
  expect(notesWith(fresh, "Hello.", edited)).toBe(`Edited.\n\n${fresh}\n\nThanks.`);
});

it("follow those of a draft that somebody else began", () => {
  expect(notesWith("generated", "Hello.", "Theirs.")).toBe("Theirs.\n\ngenerated");
  expect(notesWith("generated", "Hello.", "")).toBe("generated");
});
