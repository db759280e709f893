import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type InitOptions, init } from "../../../src/actions/init.js";
import { ownerOfRemote, partUsed, placeholdersLeft, shownReference } from "../../../src/init/adapt.js";
import { newContext } from "../artifact/fixtures.js";

const commit = "0123456789abcdef0123456789abcdef01234567";
const reference = { owner: "someone", commit };

interface Workflow {
  readonly jobs: Readonly<
    Record<
      string,
      { readonly steps: readonly { readonly uses: string; readonly with: Readonly<Record<string, string>> }[] }
    >
  >;
}

/** A project with these files, in a folder of a repository. */
function project(files: Readonly<Record<string, string>>, below = "") {
  const root = mkdtempSync(join(tmpdir(), "unikernel-ci-init-"));
  mkdirSync(join(root, ".git"));
  const workspace = join(root, below);
  mkdirSync(workspace, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(workspace, name)), { recursive: true });
    writeFileSync(join(workspace, name), text);
  }
  const { host, ...doors } = newContext();
  const context = { ...doors, host: { ...host, folders: { ...host.folders, workspace } } };
  return {
    root,
    run: (given: Readonly<Record<string, string>> = {}, options: InitOptions = {}) =>
      init(context, { ...reference, ...options }, given),
    has: (path: string) => existsSync(join(root, path)),
    read: (path: string) => readFileSync(join(root, path), "utf8"),
    logged: () => context.logged(),
  };
}

const mirage = { "config.ml": "(* mirage >= 4.10 & < 4.12 *)\nopen Mirage\n" };
const dune = { "dune-project": "(lang dune 3.0)\n" };

describe("init", () => {
  it.each([
    ["mirage", mirage, {}, "unikernel"],
    ["dune", dune, {}, "unikernel-dune"],
    ["dune for Unikraft", { ...dune, dune: "(enabled_if (= %{context_name} unikraft))" }, {}, "unikernel-unikraft"],
    ["a target of Unikraft", mirage, { target: "unikraft-qemu" }, "unikernel-unikraft"],
    ["a command", {}, { "build-command": "make" }, "unikernel"],
  ])("writes the template that fits %s", async (_, files, given, template) => {
    const { run, has, logged } = project(files);
    expect(await run(given)).toBe(true);
    expect(has(`.github/workflows/${template}.yml`)).toBe(true);
    expect(logged()).toContain(`template    ${template}:`);
  });

  it.each([{}, { forge: "forgejo" }, { forge: "shell" }, { forge: "gitlab" }, { template: "unikernel-matrix" }])(
    "writes the place of a configuration in a subfolder: %j",
    async (options) => {
      const { root, run, logged } = project({
        ...dune,
        "mirage/config.ml": 'open Mirage\nlet () = register "www" []\n',
      });
      await run({}, options);
      expect(logged()).toContain("project     MirageOS (mirage/config.ml)");
      const written = readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.(?:yml|mk)$/.test(entry.name))
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
      expect(written.join("\n")).toMatch(/(?:config-file: |--config-file )mirage\/config\.ml/);
    },
  );

  it("writes the template for dune where subfolders have several configurations, and names them", async () => {
    const { run, logged } = project({ ...dune, "a/config.ml": "open Mirage", "b/config.ml": "open Mirage" });
    await run();
    expect(logged()).toContain("template    unikernel-dune:");
    expect(logged()).toMatch(/mirage +choose one with --config-file .*: a\/config\.ml, b\/config\.ml/);
  });

  it("keeps the build system that is asked for", async () => {
    const { run, logged } = project({ ...dune, "mirage/config.ml": "open Mirage" });
    await run({ "build-system": "dune" });
    expect(logged()).toContain("project     dune (dune-project)");
  });

  it("takes a config.ml that has the word Mirage only in a comment for a module of a dune project", async () => {
    const { run, logged } = project({
      ...dune,
      "config.ml": "(* Not used when built under Mirage. *)\nlet port = 80\n",
    });
    await run();
    expect(logged()).toContain("project     dune (dune-project)");
  });

  it("logs the detected project", async () => {
    const { run, logged } = project(mirage);
    await run();
    expect(logged()).toContain("project     MirageOS (config.ml requires mirage >= 4.10 & < 4.12)");
  });

  it.each([
    [{}, {}, "target      hvt (default; change it with --target)"],
    [{ target: "spt" }, {}, "target      spt"],
    [{}, { template: "portable" }, "target      hvt (default"],
    [{}, { template: "unikernel-unikraft" }, "target      unikraft-qemu (default"],
    [{}, { forge: "shell" }, "target      hvt (default"],
    [{}, { forge: "gitlab" }, "target      hvt (default"],
    [{ targets: "spt aarch64" }, { template: "unikernel-matrix" }, "target      spt aarch64"],
    [{}, { template: "unikernel-matrix" }, "(default; change it with --targets)"],
  ])("logs the target for %j and %j", async (given, options, line) => {
    const { run, logged } = project(mirage);
    await run(given, options);
    expect(logged()).toContain(line);
  });

  it("suggests --build-command for an unknown project", async () => {
    const error: unknown = await project({ "main.c": "" })
      .run()
      .catch((reason: unknown) => reason);
    expect(String(error)).toMatch(
      /no config\.ml, dune-project or \*\.opam in .*\n {2}found .*main\.c\n.*--build-command/,
    );
  });

  it("fills in the account and the commit, and leaves no placeholder", async () => {
    const { run, read } = project(mirage);
    await run();
    const text = read(".github/workflows/unikernel.yml");
    expect(text).toContain(`uses: someone/unikernel-ci@${commit}`);
    expect(text).not.toMatch(/OWNER|<commit>/);
  });

  it("overwrites a file only with --force", async () => {
    const { run, read } = project(mirage);
    await run();
    await expect(run({ target: "spt" })).rejects.toThrow(".github/workflows/unikernel.yml already exists");
    expect(read(".github/workflows/unikernel.yml")).toContain("target: hvt");
    await run({ target: "spt" }, { force: true });
    expect(read(".github/workflows/unikernel.yml")).toContain("target: spt");
  });

  it("writes through no link of the repository", async () => {
    const { run, root } = project(dune);
    const elsewhere = mkdtempSync(join(tmpdir(), "unikernel-ci-elsewhere-"));
    symlinkSync(elsewhere, join(root, ".github"));
    await expect(run()).rejects.toThrow("is not in a folder");
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it("writes to the root of the repository, and sets the folder", async () => {
    const { run, read } = project(mirage, "servers/www");
    await run();
    expect(read(".github/workflows/unikernel.yml")).toContain("directory: servers/www");
  });

  it("gives every step the inputs that it takes", async () => {
    const { run, read } = project({});
    await run(
      { target: "virtio", "build-command": "make -s", "ocaml-version": "none", expect: "a: b\n$x" },
      { template: "portable" },
    );
    const { jobs } = parse(read(".github/workflows/portable.yml")) as Workflow;
    expect(jobs["unikernel"]?.steps[1]?.with).toEqual({
      target: "virtio",
      "build-command": "make -s",
      "ocaml-version": "none",
      expect: "a: b\n$x",
    });
    await run({ "build-command": "make -s", "c-flags": "-O3" }, { template: "warm-toolchains" });
    const warm = (parse(read(".github/workflows/warm-toolchains.yml")) as Workflow).jobs;
    expect(warm["plan"]?.steps[1]?.with).not.toHaveProperty("c-flags");
    expect(warm["toolchain"]?.steps[1]?.with).toMatchObject({ "c-flags": "-O3" });
  });

  it("writes the list of a matrix, and keeps inputs that come from the matrix", async () => {
    const { run, read } = project({ "build.sh": "" });
    const given = {
      targets: "virtio x86_64",
      "build-command": "./build.sh",
      "ocaml-version": "none",
      "build-system": "command",
    };
    await run(given, { template: "unikernel-matrix" });
    const { jobs } = parse(read(".github/workflows/unikernel-matrix.yml")) as Workflow;
    expect(jobs["plan"]?.steps[1]?.with).toEqual({
      targets: "virtio x86_64",
      "ocaml-version": "none",
      "build-system": "command",
    });
    expect(jobs["unikernel"]?.steps[1]?.with).toMatchObject({
      "ocaml-version": "${{ matrix.ocaml }}",
      "build-command": "./build.sh",
    });
  });

  it("refuses an input that the template has no place for, and an invalid one", async () => {
    const { run } = project(mirage);
    await expect(run({ target: "spt" }, { template: "unikernel-matrix" })).rejects.toThrow(
      "github/unikernel-matrix.yml has no place for --target",
    );
    await expect(run({ timeout: "soon" })).rejects.toThrow("input timeout");
    await expect(run({ memory: "64" }, { forge: "gitlab" })).rejects.toThrow("no place for --memory");
    await expect(run({ expect: "a\nb" }, { forge: "shell" })).rejects.toThrow("--expect has several lines");
  });

  it.each([
    [{ template: "nothing" }, '"nothing" is not a template'],
    [{ forge: "sourcehut" }, '"sourcehut" is not accepted'],
    [{ forge: "gitlab", template: "unikernel" }, "gitlab has only one template"],
    [{ commit: "v1" }, '"v1" is not accepted'],
    [{ owner: "a/b" }, '"a/b" is not accepted'],
  ])("refuses %j", async (options, message) => {
    await expect(project(mirage).run({}, options)).rejects.toThrow(message);
  });

  it.each([
    ["forgejo", [".forgejo/workflows/unikernel.yml"]],
    ["gitea", [".gitea/workflows/unikernel.yml"]],
    ["gitlab", [".gitlab-ci.yml", ".gitlab/unikernel.yml"]],
    ["shell", ["unikernel.mk"]],
  ])("writes for %s", async (forge, paths) => {
    const { run, read } = project(mirage);
    await run({ target: "spt", expect: "x # $y" }, { forge });
    for (const path of paths) expect(read(path)).not.toMatch(/OWNER|<commit>/);
    expect(paths.map(read).join("")).toContain("spt");
  });
});

it("a reference names its part and placeholders", () => {
  expect(partUsed("OWNER/unikernel-ci@<commit>")).toBe("");
  expect(partUsed("https://github.com/OWNER/unikernel-ci/setup@<commit>")).toBe("setup");
  expect(partUsed("actions/checkout@v7")).toBeUndefined();
  expect(shownReference({ owner: undefined, commit: undefined })).toBe("OWNER/unikernel-ci@<commit>");
  expect(placeholdersLeft({ owner: undefined, commit })).toEqual(["OWNER"]);
  expect(placeholdersLeft({ owner: "someone", commit: undefined })).toEqual(["<commit>"]);
  expect(placeholdersLeft(reference)).toEqual([]);
});

it.each([
  ["https://github.com/someone/unikernel-ci.git", "someone"],
  ["git@github.com:someone/unikernel-ci", "someone"],
  ["https://example.org/someone/unikernel-ci", undefined],
  ["", undefined],
])("the account in the remote %j is %s", (address, owner) => {
  expect(ownerOfRemote(address)).toBe(owner);
});
