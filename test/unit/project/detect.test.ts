import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ProjectInputs, detectProject } from "../../../src/project/detect.js";
import { folderWith, problemOf } from "./fixtures.js";

const automatic: ProjectInputs = {
  directory: ".",
  configFile: undefined,
  buildSystem: "auto",
  buildCommand: undefined,
};
const mirage = "(* mirage >= 4.10.0 & < 4.12.0 *)\nopen Mirage\n";

describe("what is in a folder", () => {
  test("mirage’s config.ml takes precedence over dune and opam files, which mirage also generates", async () => {
    const folder = await folderWith({ "config.ml": mirage, "dune-project": "", "hello.opam": "" });
    expect(await detectProject(folder, automatic)).toMatchObject({
      buildSystem: "mirage",
      directory: folder,
      configFile: "config.ml",
      description: "MirageOS (config.ml requires mirage >= 4.10.0 & < 4.12.0)",
      requirements: [{ source: "config.ml line 1" }, { source: "hello.opam" }, { source: "hello.opam" }],
    });
  });

  test("committed locks are found next to the configuration, with their toolchain versions", async () => {
    const lock = 'depends: [ "ocaml" {= "5.4.1"} "lwt" {= "6.1.2" & ?vendor} "mirage" {= "4.11.1"} ]';
    const folder = await folderWith({
      "unikernel/config.ml": mirage,
      "unikernel/mirage/www-hvt.opam.locked": lock,
      "unikernel/mirage/www-hvt.opam": "",
    });
    expect(await detectProject(folder, { ...automatic, configFile: "unikernel/config.ml" })).toMatchObject({
      lockFiles: [{ path: "unikernel/mirage/www-hvt.opam.locked", versions: { ocaml: "5.4.1", mirage: "4.11.1" } }],
    });
  });

  test.each<[string, Partial<ProjectInputs>]>([
    ["dune-project", {}],
    ["www.opam", {}],
    ["dune-project", { buildCommand: "make" }],
  ])("locks of `opam lock` are found in the folder of another project: %s, %j", async (file, inputs) => {
    const lock = `depends: [ "ocaml" {= "5.4.1"} "ocaml-solo5" {= "1.2.2"} "solo5" {= "0.10.1"}
      "lwt" {= "6.1.2"} "mirage" {= "4.11.1" & with-test} ]`;
    const folder = await folderWith({ [file]: "", "www.opam.locked": lock });
    const versions = { ocaml: "5.4.1", "ocaml-solo5": "1.2.2", solo5: "0.10.1" };
    expect((await detectProject(folder, { ...automatic, ...inputs })).lockFiles).toEqual([
      { path: "www.opam.locked", versions, isForAllTargets: true },
    ]);
  });

  test("a config.ml that is an ordinary module does not make a dune project mirage’s", async () => {
    const folder = await folderWith({ "config.ml": "let () = print_endline Sys.ocaml_version", "dune-project": "" });
    expect(await detectProject(folder, automatic)).toMatchObject({
      buildSystem: "dune",
      description: "dune (dune-project)",
    });
  });

  test.each([
    ["dune", { dune: "" }, "dune (dune)"],
    ["dune", { "dune-project": "", "a.opam": "" }, "dune (dune-project)"],
    ["opam", { "b.opam": "", "a.opam": "" }, "opam (a.opam, b.opam)"],
  ])("%s", async (buildSystem, files, description) => {
    expect(await detectProject(await folderWith(files), automatic)).toMatchObject({ buildSystem, description });
  });

  test("a build command takes precedence", async () => {
    const folder = await folderWith({ "config.ml": mirage });
    expect(await detectProject(folder, { ...automatic, buildCommand: "make" })).toMatchObject({
      buildSystem: "command",
    });
  });

  test("a config.ml that has the word Mirage in a comment does not make a dune project mirage’s", async () => {
    const text = "(* Build-time settings. Not used when built under Mirage. *)\nlet port = 80\n";
    const folder = await folderWith({ "config.ml": text, "dune-project": "(lang dune 3.0)\n" });
    expect(await detectProject(folder, automatic)).toMatchObject({ buildSystem: "dune" });
  });

  test("a configuration in a subfolder, if it is the only one and there is no other project", async () => {
    const one = await folderWith({ "mirage/config.ml": mirage });
    expect(await detectProject(one, automatic)).toMatchObject({ configFile: "mirage/config.ml" });
    const two = await folderWith({ "a/config.ml": mirage, "b/config.ml": mirage });
    const problem = await problemOf(detectProject(two, automatic));
    expect(problem.facts.do?.[0]).toBe("set `config-file` to a/config.ml or b/config.ml, or");
    const asked = await problemOf(detectProject(one, { ...automatic, buildSystem: "mirage" }));
    expect(asked.facts.do?.[0]).toBe("set `config-file` to mirage/config.ml, or");
  });

  test("a configuration file elsewhere in the folder", async () => {
    const folder = await folderWith({ "mirage/config.ml": mirage, "dune-project": "" });
    const project = await detectProject(folder, { ...automatic, configFile: "mirage/config.ml" });
    expect(project).toMatchObject({ buildSystem: "mirage", configFile: "mirage/config.ml" });
  });

  test("`build-system` takes precedence over detection", async () => {
    const folder = await folderWith({ "config.ml": mirage, "dune-project": "" });
    expect(await detectProject(folder, { ...automatic, buildSystem: "dune" })).toMatchObject({ buildSystem: "dune" });
  });
});

describe("what is not a project", () => {
  test("the files of a folder without a project are listed", async () => {
    const folder = await folderWith({ "README.md": "", "main.c": "" });
    const problem = await problemOf(detectProject(folder, automatic));
    expect(problem.message).toBe(`no config.ml, dune-project or *.opam in ${folder}`);
    expect(problem.facts.found).toBe("README.md, main.c");
    expect(problem.facts.do).toContain("set `directory` (now `.`) to the folder of the unikernel");
  });

  test("a folder without a project of the requested build system", async () => {
    const folder = await folderWith({ "dune-project": "" });
    const problem = await problemOf(detectProject(folder, { ...automatic, buildSystem: "mirage" }));
    expect(problem.message).toBe(`no config.ml in ${folder}`);
    expect(problem.facts.because).toBe("`build-system: mirage` needs it");
  });

  test.each([
    ["a folder that is not there", { directory: "no" }, "input directory: there is no folder no"],
    ["a file", { directory: "file" }, "input directory: file is not a folder that can be read"],
    ["a folder outside the workspace", { directory: ".." }, "input directory: .. is outside the workspace"],
    ["a link that leads outside", { directory: "link" }, "input directory: link is outside the workspace"],
    ["a configuration that is not there", { configFile: "m/config.ml" }, "input config-file: there is no m/config.ml"],
    [
      "a build command that is not run",
      { buildSystem: "dune", buildCommand: "make" },
      "input build-command: it works only with the build system command, and this one is dune",
    ],
    [
      "a configuration that is not read",
      { configFile: "m/config.ml", buildCommand: "make" },
      "input config-file: it works only with the build system mirage, and this one is command",
    ],
    [
      "a configuration outside",
      { configFile: "../config.ml" },
      "input config-file: ../config.ml is outside the project’s folder",
    ],
  ] as const)("%s", async (_, inputs, message) => {
    const folder = await folderWith({ file: "" });
    await symlink("/", join(folder, "link"));
    expect((await problemOf(detectProject(folder, { ...automatic, ...inputs }))).message).toBe(message);
  });
});
