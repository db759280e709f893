import { describe, expect, it } from "vitest";
import { parseExtraRepositories, parseRepositories } from "../../../src/toolchain/spec-text.js";

describe("overlay repositories", () => {
  it("are names and URLs, or none; a comma would end a URL", () => {
    expect(parseExtraRepositories(["none"])).toEqual([]);
    expect(parseExtraRepositories(["mine: file:///overlays"])).toEqual([{ name: "mine", url: "file:///overlays" }]);
    expect(() => parseExtraRepositories(["mine: file:///a,b"])).toThrow("the URL of mine has a comma");
    expect(() => parseExtraRepositories(["file:///overlays"])).toThrow(
      'input extra-repos: "file:///overlays" is not accepted',
    );
  });
});

describe("opam repositories", () => {
  it("are names and URLs, in order", () => {
    expect(parseRepositories(["mine: git+https://example.org/r#abc", "default: https://opam.ocaml.org"])).toEqual([
      { name: "mine", url: "git+https://example.org/r#abc" },
      { name: "default", url: "https://opam.ocaml.org" },
    ]);
  });

  it.each(["https://opam.ocaml.org", "a b: https://example.org", "a: https://example.org more", "-x: y"])(
    "are refused in another form: %s",
    (line) => expect(() => parseRepositories([line])).toThrow("input opam-repositories"),
  );

  it("are refused with the same name twice", () => {
    expect(() => parseRepositories(["a: x", "a: y"])).toThrow("a is listed twice");
  });
});
