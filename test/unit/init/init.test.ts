import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type InitOptions, init } from "../../../src/actions/init.js";
import { ownerOfRemote, partUsed, placeholdersLeft, shownReference, withReference } from "../../../src/init/adapt.js";
import type { Ask } from "../../../src/platform/runner/terminal.js";
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
    run: (given: Readonly<Record<string, string>> = {}, options: InitOptions = {}, ask?: Ask) =>
      init(context, { ...reference, ...options }, given, ask),
    write: (path: string, text: string) => writeFileSync(join(root, path), text),
    has: (path: string) => existsSync(join(root, path)),
    read: (path: string) => readFileSync(join(root, path), "utf8"),
    logged: () => context.logged(),
  };
}

const header = "(* mirage >= 4.10 & < 4.12 *)\n";
const configuration = (name: string) =>
  `${header}open Mirage\nlet main = main "Unikernel.Main" job\nlet () = register "${name}" [ main ]\n`;
const mirage = { "config.ml": configuration("www"), "unikernel.ml": "" };
const mirageIn = (folder: string) => ({
  [`${folder}/config.ml`]: configuration(folder),
  [`${folder}/unikernel.ml`]: "",
});
const program = (flags: string) => `(executable\n (name hello)\n (link_flags (:standard -cclib "${flags}")))\n`;
const dune = { "dune-project": "(lang dune 3.0)\n", dune: program("-z solo5-abi=hvt") };

describe("init", () => {
  it.each([
    ["mirage", mirage, {}, "unikernel"],
    ["dune", dune, {}, "unikernel-dune"],
    ["dune for Unikraft", { ...dune, dune: program("-z unikraft-backend=qemu") }, {}, "unikernel-unikraft"],
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
        "dune-project": "(lang dune 3.0)\n",
        "pages.opam": "",
        "mirage/config.ml":
          'open Mirage\nlet () = register "www" [ main ~packages:[ package "pages" ] "Unikernel" job ]\n',
        "mirage/unikernel.ml": "",
      });
      await run({}, options);
      expect(logged()).toContain("found       mirage/config.ml (MirageOS)");
      const written = readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.(?:yml|mk)$/.test(entry.name))
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
      expect(written.join("\n")).toMatch(/(?:config-file: |--config-file )mirage\/config\.ml/);
    },
  );

  it("writes one workflow for several unikernels, each with its folder", async () => {
    const { run, read, logged } = project({ ...mirageIn("a"), ...mirageIn("b"), ...mirageIn("test/c") });
    await run();
    const { jobs } = parse(read(".github/workflows/unikernel-matrix.yml")) as Workflow;
    expect(jobs["plan"]?.steps[1]?.with["targets"]).toBe("hvt x86_64 directory=a\nhvt x86_64 directory=b\n");
    expect(logged()).toMatch(/left out +test\/c\/config\.ml/);
  });

  it("leaves out what no toolchain builds, and says why in the log and in the workflow", async () => {
    const old = { "b/config.ml": 'open Mirage\nlet main = foreign "Unikernel" job\nlet () = register "b" [ main ]\n' };
    const { run, read, logged } = project({ ...mirageIn("a"), ...mirageIn("b"), ...old });
    await run();
    const why = "left out: b for hvt: config.ml line 2 (`foreign`, removed in mirage 4.5.0) asks mirage < 4.5.0";
    expect(logged()).toContain(why);
    expect(read(".github/workflows/unikernel.yml")).toContain("directory: a");
    expect(read(".github/workflows/unikernel.yml")).toContain(`# targets: ${why}`);
  });

  it("refuses, and writes nothing, where no toolchain builds any", async () => {
    const { run, has } = project({
      ...mirage,
      "config.ml": `open Mirage\nlet () = register "x" [ foreign "Unikernel" job ]`,
    });
    await expect(run()).rejects.toThrow("`foreign`, removed in mirage 4.5.0) asks mirage < 4.5.0");
    expect(has(".github")).toBe(false);
    await expect(project(dune).run({ "ocaml-version": "5.2.0" })).rejects.toThrow("OCaml 5.2.0");
  });

  it("keeps the build system that is asked for", async () => {
    const { run, logged } = project({ ...dune, "mirage/config.ml": "open Mirage" });
    await run({ "build-system": "dune" });
    expect(logged()).toContain("found       . (dune)");
  });

  it("takes a config.ml that has the word Mirage only in a comment for a module of a dune project", async () => {
    const { run, logged } = project({
      ...dune,
      "config.ml": "(* Not used when built under Mirage. *)\nlet port = 80\n",
    });
    await run();
    expect(logged()).toContain("found       . (dune)");
  });

  it("logs the versions that setup would decide, and why", async () => {
    const { run, logged } = project({ ...mirage, "config.ml": configuration("www").replace("4.12", "4.11") });
    await run();
    expect(logged()).toContain("found       config.ml (MirageOS)");
    expect(logged()).toMatch(/mirage 4\.10\.\d+: config\.ml line 1 asks < 4\.11/);
  });

  it.each([
    [{}, {}, "target      hvt (change it with --target)"],
    [{ target: "spt" }, {}, "target      spt"],
    [{}, { template: "portable" }, "target      hvt (change"],
    [{}, { forge: "shell" }, "target      hvt (change"],
    [{}, { forge: "gitlab" }, "target      hvt (change"],
    [{ targets: "spt aarch64" }, { template: "unikernel-matrix" }, "target      spt aarch64"],
    [{}, { template: "unikernel-matrix" }, "target      hvt (change"],
  ])("logs the target for %j and %j", async (given, options, line) => {
    const { run, logged } = project(mirage);
    await run(given, options);
    expect(logged()).toContain(line);
  });

  it.each([
    [
      "an empty library",
      { "dune-project": "(lang dune 3.0)", "lib/dune": "(library (name x) (libraries mirage-solo5))" },
    ],
    ["a program for the host", { "dune-project": "(lang dune 3.0)", dune: "(executable (name x))" }],
    ["something else", { "main.c": "" }],
  ])("says that %s is no unikernel, and writes nothing", async (_, files) => {
    const { run, has } = project(files);
    const error: unknown = await run().catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/^no unikernel in .*\n {2}found [^]*nothing was written[^]*--build-command/);
    expect(has(".github")).toBe(false);
  });

  it("fills in the account and the commit, and leaves no placeholder", async () => {
    const { run, read } = project(mirage);
    await run();
    const text = read(".github/workflows/unikernel.yml");
    expect(text).toContain(`uses: someone/unikernel-ci@${commit}`);
    expect(text).not.toMatch(/OWNER|<commit>/);
  });

  it("adds to the workflow that it wrote before, and overwrites it only with --force", async () => {
    const { run, read, write, logged } = project(mirage);
    const path = ".github/workflows/unikernel.yml";
    await run();
    write(path, read(path).replace("timeout-minutes: 60", "timeout-minutes: 90 # mine"));
    await run();
    expect(logged()).toContain("unchanged   the workflow builds all of this already");
    await run({ target: "spt" });
    const { jobs } = parse(read(path)) as Workflow;
    expect(Object.entries(jobs).map(([name, { steps }]) => [name, steps[1]?.with["target"]])).toEqual([
      ["unikernel", "hvt"],
      ["unikernel-spt", "spt"],
    ]);
    expect(read(path)).toContain("timeout-minutes: 90 # mine");
    await run({ target: "virtio" }, { force: true });
    expect(read(path)).not.toContain("target: spt");
  });

  it("adds lines to the list of a matrix", async () => {
    const { root, run, read } = project({ ...mirageIn("a"), ...mirageIn("b") });
    await run();
    mkdirSync(join(root, "c"));
    for (const [path, text] of Object.entries(mirageIn("c"))) writeFileSync(join(root, path), text);
    await run();
    const { jobs } = parse(read(".github/workflows/unikernel-matrix.yml")) as Workflow;
    expect(jobs["plan"]?.steps[1]?.with["targets"]).toBe(
      ["a", "b", "c"].map((folder) => `hvt x86_64 directory=${folder}\n`).join(""),
    );
  });

  it("writes the target and the arguments of the command line into each line", async () => {
    const { run, read } = project({ ...mirageIn("a"), ...mirageIn("b") });
    await run({ target: "spt", arch: "arm64", "configure-args": "--tls" });
    expect(read(".github/workflows/unikernel-matrix.yml")).toContain("spt aarch64 directory=a configure-args=--tls\n");
  });

  it("leaves a workflow of somebody else alone", async () => {
    const { run, root, read, write } = project(mirage);
    mkdirSync(join(root, ".github/workflows"), { recursive: true });
    write(".github/workflows/unikernel.yml", "jobs: {}\n");
    await expect(run()).rejects.toThrow(".github/workflows/unikernel.yml already exists");
    expect(read(".github/workflows/unikernel.yml")).toBe("jobs: {}\n");
  });

  it("adds an include to a pipeline of GitLab, whose jobs stay", async () => {
    const { run, read, logged } = project({
      ...mirage,
      ".gitlab-ci.yml": "# ours\ninclude: other.yml\ntest: { script: make }\n",
    });
    await run({ target: "spt" });
    expect(read(".gitlab-ci.yml")).toContain("# ours");
    expect(parse(read(".gitlab-ci.yml"))).toEqual({
      include: ["other.yml", { local: ".gitlab/unikernel.yml", inputs: { target: "spt" } }],
      test: { script: "make" },
    });
    await run({ target: "spt" });
    expect(logged()).toContain("unchanged");
    await run({ target: "virtio" });
    expect((parse(read(".gitlab-ci.yml")) as { readonly include: unknown }).include).toEqual([
      "other.yml",
      { local: ".gitlab/unikernel.yml", inputs: { target: "spt" } },
      { local: ".gitlab/unikernel.yml", inputs: { target: "virtio", name: "virtio" } },
    ]);
  });

  it("writes a rule for each unikernel into the makefile, and what to ignore", async () => {
    const { run, read } = project({ ...mirageIn("a"), ...mirageIn("b"), ".gitignore": "*.o" });
    await run({}, { forge: "shell" });
    expect(read("unikernel.mk")).toMatch(/^UNIKERNEL_OPTIONS \?= --directory a$/m);
    expect(read("unikernel.mk")).toMatch(/^unikernel-b: [^]*--directory b$/m);
    expect(read("unikernel.mk")).toMatch(/^unikernels: unikernel unikernel-b$/m);
    expect(read(".gitignore")).toBe("*.o\n_artifacts/\n.cache/\n");
  });

  it("asks a unikernel that requires arguments only for its help, and a person at a terminal for them", async () => {
    const source = 'let remote = Arg.(required & opt (some string) None (info [ "r"; "remote" ]))\n';
    const { run, read } = project({ ...mirage, "unikernel.ml": source });
    await run();
    const path = ".github/workflows/unikernel.yml";
    expect(read(path)).toMatch(/# it requires --remote\n[^]* check: help\n/);
    const asked: string[] = [];
    await run({}, { force: true }, (question) => {
      asked.push(question);
      return Promise.resolve("--remote=x");
    });
    expect(asked).toEqual([expect.stringContaining("--remote")]);
    expect(read(path)).toMatch(/^ *args: --remote=x$/m);
    expect(read(path)).not.toMatch(/^ *check: help$/m);
  });

  it("lets a person at a terminal choose among several unikernels", async () => {
    const files = { ...mirageIn("a"), ...mirageIn("b") };
    const { run, read } = project(files);
    await run({}, {}, () => Promise.resolve("2"));
    expect(read(".github/workflows/unikernel.yml")).toContain("directory: b");
    await expect(project(files).run({}, {}, () => Promise.resolve("7"))).rejects.toThrow('"7" is not a choice');
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
    await expect(run({ timeout: "soon" })).rejects.toThrow("input timeout");
    await expect(run({ "retention-days": "6" }, { forge: "gitlab" })).rejects.toThrow("no place for --retention-days");
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

it("the version of the commit stands after it", () => {
  const step = "      - uses: OWNER/unikernel-ci/run@<commit>\n        with:\n";
  const filled = withReference(step, { ...reference, version: "v1.2.3" });
  expect(filled).toBe(`      - uses: someone/unikernel-ci/run@${commit} # v1.2.3\n        with:\n`);
  expect(shownReference({ ...reference, version: "v1.2.3" })).toBe(`someone/unikernel-ci@${commit} (v1.2.3)`);
});

it.each([
  ["https://github.com/someone/unikernel-ci.git", "someone"],
  ["git@github.com:someone/unikernel-ci", "someone"],
  ["https://example.org/someone/unikernel-ci", undefined],
  ["", undefined],
])("the account in the remote %j is %s", (address, owner) => {
  expect(ownerOfRemote(address)).toBe(owner);
});
