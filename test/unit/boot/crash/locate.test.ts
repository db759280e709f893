import { describe, expect, it } from "vitest";
import { crashOf } from "../../../../src/boot/crash/locate.js";

const files = [
  "/ws/web/main.ml",
  "/ws/web/stub.c",
  "/ws/web/src/fmt.ml",
  "/ws/web/hashtbl.ml",
  "/ws/web/duniverse/lwt/lwt.ml",
  "/ws/web/mirage/main.ml",
  "/ws/other/main.ml",
];
const placed = (...sources: readonly (readonly [name: string | undefined, file?: string])[]) =>
  crashOf(
    sources.map(([name, file]) => ({
      ...(name === undefined ? {} : { function: name }),
      ...(file === undefined ? {} : { source: { file, line: 7 } }),
    })),
    "/ws/web/_build/solo5/main.exe",
    "/ws",
    (path) => files.includes(path),
  );

describe("the project's own line", () => {
  it.each([
    ["relative to the project", "main.ml", "web/main.ml"],
    ["in dune's folder of a context", "/ws/web/_build/solo5/main.ml", "web/main.ml"],
    ["compiled elsewhere, and taken from dune's cache", "/home/other/_build/solo5/stub.c", "web/stub.c"],
    ["in a folder that dune has mapped", "/workspace_root/stub.c", "web/stub.c"],
    ["absolute", "/ws/web/src/fmt.ml", "web/src/fmt.ml"],
  ])("is found: %s", (_, file, own) => {
    expect(placed(["memcpy"], ["Main.handle", file], ["Main.start", "main.ml"])?.own).toEqual({
      function: "Main.handle",
      file: own,
      line: 7,
    });
  });

  it.each([
    ["OCaml's library", "Stdlib.Hashtbl.find", "hashtbl.ml"],
    ["what mirage wrote", "Main", "mirage/main.ml"],
    ["a pulled dependency", "Lwt.bind", "duniverse/lwt/lwt.ml"],
    [
      "a dependency that opam built with dune",
      "Fmt.pf",
      "/ws/web/_opam/.opam-switch/build/fmt/_build/default/src/fmt.ml",
    ],
    ["a file that is not there", "Gone.f", "gone.ml"],
    ["a file outside", "f", "/etc/passwd"],
    ["a way out", "f", "../../etc/passwd"],
    ["a file without a name", "f", "?"],
  ])("is not that of %s", (_, name, file) => {
    expect(placed([name, file])?.own).toBeUndefined();
    expect(placed([name, file], ["Main.handle", "main.ml"])?.own?.file).toBe("web/main.ml");
  });
});

it("an image from elsewhere has its lines in the project that dune compiled", () => {
  const source = (file: string) => ({ function: "Main.handle", source: { file, line: 7 } });
  const own = (file: string) => crashOf([source(file)], "/tmp/main.exe", "/ws", (path) => files.includes(path))?.own;
  expect(own("/ws/other/_build/solo5/main.ml")).toEqual({ function: "Main.handle", file: "other/main.ml", line: 7 });
  expect(own("main.ml")).toBeUndefined();
});

it("the calls end with the project's first one, and a recursion is one call", () => {
  const frames = placed(
    ["deep", "main.ml"],
    ["deep", "main.ml"],
    ["start", "stub.c"],
    ["caml_main"],
    ["_start"],
  )?.frames;
  expect(frames).toEqual([
    { function: "deep", source: { file: "web/main.ml", line: 7 } },
    { function: "start", source: { file: "web/stub.c", line: 7 } },
  ]);
});

it("without a line of the project, the calls are shown as they are", () => {
  expect(placed(["memcpy"], ["g", "/opt/g.c"])).toEqual({
    frames: [{ function: "memcpy" }, { function: "g", source: { file: "/opt/g.c", line: 7 } }],
  });
  expect(placed()).toBeUndefined();
});
