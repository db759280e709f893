import { expect, it } from "vitest";
import { type TreeEntry, keptForOthers } from "../../../src/toolchain/closure.js";

/** A tree of lines: `folder/`, `file`, `link -> target`; its references after `:`, with a final `/` for all content. */
function treeOf(...lines: readonly string[]): TreeEntry[] {
  return lines.map((line) => {
    const [what = "", references = ""] = line.split(": ");
    const [path = "", target] = what.split(" -> ");
    const refersTo = [
      ...(target === undefined ? [] : [`${target}/`]),
      ...references.split(" ").filter((one) => one !== ""),
    ];
    return {
      path: path.replace(/\/$/, ""),
      kind: target !== undefined ? "link" : path.endsWith("/") ? "folder" : "file",
      refersTo: refersTo.map((one) => ({ path: one.replace(/\/$/, ""), whole: one.endsWith("/") })),
    };
  });
}
/** Rules leave out names that begin with `out`. */
const kept = (...lines: readonly string[]) =>
  Object.fromEntries(keptForOthers(treeOf(...lines), (path) => /(?:^|\/)out[^/]*(?:$|\/)/.test(path)));

it("references from files that are left out keep nothing", () => {
  expect(kept("bin/", "bin/out.byte", "bin/out -> bin/out.byte", "bin/file")).toEqual({});
});

it("a link keeps its target, and the target keeps its own references", () => {
  expect(
    kept("bin/", "bin/ocamlopt -> bin/outopt", "bin/outopt -> bin/out.byte", "bin/out.byte: bin/outrun", "bin/outrun"),
  ).toEqual({
    "bin/outopt": "bin/ocamlopt",
    "bin/out.byte": "bin/outopt",
    "bin/outrun": "bin/out.byte",
  });
});

it("links that lead in a circle, or nowhere, or out of the tree, end", () => {
  expect(kept("a -> b", "b -> a", "c -> nowhere", "d: out/file", "e -> e/e", "f: e/x")).toEqual({});
});

it("a path through a link keeps the link and its target", () => {
  const tree = ["script: out/tool", "real/", "real/here", "real/out.d/", "real/out.d/tool", "real/out.d/other"];
  expect(kept(...tree, "out -> real/out.d")).toEqual({
    out: "script",
    "real/out.d": "out",
    "real/out.d/tool": "out",
    "real/out.d/other": "out",
  });
});

it("a file in a folder that is left out is kept without its neighbours", () => {
  expect(kept("META: lib/out/a.cma", "lib/", "lib/here", "lib/out/", "lib/out/a.cma", "lib/out/b.cma")).toEqual({
    "lib/out/a.cma": "META",
    "lib/out": "META",
  });
});

it("a folder that is needed whole is kept with its content", () => {
  const tree = ["lib/", "lib/here", "lib/out/", "lib/out/sub/", "lib/out/sub/a", "lib/out/b"];
  expect(kept("META: lib/out/", ...tree)).toEqual({
    "lib/out": "META",
    "lib/out/sub": "META",
    "lib/out/sub/a": "META",
    "lib/out/b": "META",
  });
  expect(kept("META: lib/out", ...tree)).toEqual({ "lib/out": "META" });
});

it("a folder that would be empty is left out, and one that stays keeps nothing more", () => {
  expect(kept("META: lib/ocamldoc/", "lib/", "lib/ocamldoc/", "lib/ocamldoc/out.a")).toEqual({
    "lib/ocamldoc": "META",
    "lib/ocamldoc/out.a": "META",
    lib: "META",
  });
  expect(kept("META: lib/ocaml/", "lib/", "lib/ocaml/", "lib/ocaml/out.cmt", "lib/ocaml/stdlib.a")).toEqual({});
});
