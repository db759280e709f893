import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packCommand } from "../../src/actions/toolchain.js";
import { processes } from "../../src/platform/process/process.js";
import { readInstalled } from "../../src/toolchain/store/installed.js";
import type { Toolchain } from "../../src/toolchain/toolchain.js";
import { collectingLog } from "../collecting-log.js";
import { writeOpamRepository } from "./opam-repository.js";
import { type GivenInputs, hostIn, setUp } from "./set-up.js";

let folder: string;
let given: GivenInputs;
const mirage = { "mirage-version": "4.11.2" };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-layers-"));
  const url = writeOpamRepository(join(folder, "repository"));
  given = { target: "virtio", arch: "x86_64", "ocaml-version": "5.4.x", "opam-repositories": `test: ${url}` };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Made {
  readonly toolchain: Toolchain;
  readonly lines: string;
  /** The packages that opam installed, sorted. */
  readonly installed: readonly string[];
}

async function make(more: GivenInputs = {}, machine = folder): Promise<Made> {
  const story = { lines: [] as string[], programs: [] as string[] };
  const toolchain = await setUp(machine, { ...given, ...more }, story);
  if (toolchain === undefined) throw new Error("no toolchain");
  return { toolchain, lines: story.lines.join("\n"), installed: installedIn(story.lines) };
}
const installedIn = (lines: readonly string[]) =>
  lines.flatMap((line) => / {2}(\S+) \(\d+ of \d+\)$/.exec(line)?.[1] ?? []).sort();

const compilers = ["dune.3.20.0", "ocaml-base-compiler.5.4.1", "ocaml-solo5.1.3.3", "ocaml.5.4.1", "ocamlfind.1.9.8"];
const all = [...compilers, "solo5.0.12.1"].sort();
const ofMirage = ["mirage.4.11.2", "opam-monorepo.0.4.3"];

const store = (machine = folder) => join(machine, "tools/unikernel-ci/toolchains");
const packageFile = (name: string) => join(folder, "repository/packages", name.split(".")[0] ?? "", name, "opam");
function writePackage(name: string, text: string): void {
  mkdirSync(dirname(packageFile(name)), { recursive: true });
  writeFileSync(packageFile(name), `opam-version: "2.0"\nsynopsis: "For a test"\n${text}\n`);
}
/** The repository as one that only opam can read, so that its content is no part of a key. */
function asGit(): { readonly commit: () => void } {
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
      cwd: join(folder, "repository"),
      stdio: "pipe",
    });
  const commit = () => (git("add", "."), git("commit", "-q", "-m", "a change"), undefined);
  git("init", "-q", "-b", "main");
  commit();
  given = { ...given, "opam-repositories": `test: git+file://${folder}/repository#main` };
  return { commit };
}

describe("with real opam, a toolchain", () => {
  it("costs what is new: mirage, a package, and nothing where another project has it", async () => {
    const first = await make();
    expect(first.installed).toEqual(all);
    const second = await make(mirage);
    expect(second.toolchain.source).toBe("built");
    expect(second.installed).toEqual(ofMirage);
    const third = await make({ ...mirage, "opam-packages": "library" });
    expect(third.installed).toEqual(["library.1"]);
    const other = await make({ "opam-packages": "crunch" });
    expect(other.installed).toEqual(["crunch.2.0.0"]);
    await expect.poll(() => readdirSync(store()).length).toBeGreaterThanOrEqual(4);

    const env = { ...third.toolchain.environment.variables, PATH: process.env["PATH"] };
    const opam = (...args: string[]) =>
      execFileSync(join(third.toolchain.path, "bin/opam"), [...args, "--yes"], { env, encoding: "utf8" });
    expect(opam("reinstall", "--list-pending"), "opam takes no package for changed").toBe("");
    const names = opam("list", "--installed", "--short", "--columns=package").trim().split("\n").sort();
    expect(names).toEqual([...all, ...ofMirage, "library.1"].sort());
  });

  it("is packed as differences, each of which is small, and set up elsewhere without opam", async () => {
    const { toolchain } = await make({ ...mirage, "opam-packages": "library" });
    const mirror = join(folder, "mirror");
    const context = { log: collectingLog([]), processes, host: hostIn(folder) };
    await packCommand(context, toolchain.key, { to: mirror, level: "3" }, () => undefined);
    const sizes = readdirSync(mirror)
      .filter((name) => name.endsWith(".tar.zst") && !name.endsWith(".image.tar.zst"))
      .map((name) => statSync(join(mirror, name)).size)
      .sort((a, b) => b - a);
    expect(sizes).toHaveLength(3);
    const [whole = 0, ...differences] = sizes;
    for (const bytes of differences) expect(bytes).toBeLessThan(whole / 2);

    const elsewhere = mkdtempSync(join(tmpdir(), "elsewhere-"));
    try {
      const inputs = { ...mirage, "opam-packages": "library", mirror: `file://${mirror}` };
      const restored = await make(inputs, elsewhere);
      expect(restored.toolchain).toMatchObject({ source: "published", key: toolchain.key });
      expect(restored.installed).toEqual([]);
      expect(restored.lines).toMatch(/smoke test: linked a test image/);
      await expect.poll(() => readdirSync(store(elsewhere))).toEqual([toolchain.key]);
      // On what came from the mirror, one more package is built, and nothing else.
      expect(
        (await make({ ...mirage, "opam-packages": "crunch", mirror: `file://${mirror}` }, elsewhere)).installed,
      ).toEqual(["crunch.2.0.0"]);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  it("is built from nothing where a new package wants another version of what is below it", async () => {
    cpSync(dirname(packageFile("dune.3.20.0")), dirname(packageFile("dune.3.19.0")), { recursive: true });
    writePackage("old-fashioned.1", 'depends: [ "dune" {< "3.20"} "ocaml-solo5" ]');
    await make();
    const { toolchain, lines, installed } = await make({ "opam-packages": "old-fashioned" });
    expect(lines).toMatch(/does not fit, because this toolchain changes dune: building from nothing/);
    expect(installed).toEqual(
      [...all.filter((name) => !name.startsWith("dune")), "dune.3.19.0", "old-fashioned.1"].sort(),
    );
    expect((await make({ "opam-packages": "old-fashioned" })).toolchain).toMatchObject({
      source: "tool-cache",
      key: toolchain.key,
    });
  });

  it("is built from nothing where a pin replaces a package that is below it", async () => {
    writePackage("conf-part.1", "");
    appendFileSync(packageFile("solo5.0.12.1"), '\ndepends: [ "conf-part" ]\n');
    const pinned = join(folder, "pinned");
    mkdirSync(pinned);
    writeFileSync(join(pinned, "conf-part.opam"), 'opam-version: "2.0"\nsynopsis: "Mine"\nversion: "2"\n');
    await make();
    const { lines, installed } = await make({ "opam-pins": `conf-part file://${pinned}` });
    expect(lines).toMatch(/does not fit, because this toolchain changes conf-part: building from nothing/);
    expect(installed).toContain("conf-part.2");
    expect(installed).toContain("ocaml-solo5.1.3.3");
  });

  it("keeps what is below it although a repository has newer text for that by now", async () => {
    const { commit } = asGit();
    await make();
    appendFileSync(packageFile("dune.3.20.0"), 'build: ["true"]\n');
    cpSync(dirname(packageFile("dune.3.20.0")), dirname(packageFile("dune.3.21.0")), { recursive: true });
    writePackage("newest.1", 'depends: [ "dune" ]');
    commit();
    expect((await make({ "opam-packages": "newest" })).installed).toEqual(["newest.1"]);
  });

  it("is refused with opam's own reason where a new package fits no version of the compilers", async () => {
    await make();
    await expect(make({ "opam-packages": "wants-old-ocaml" })).rejects.toThrow(
      "no version of OCaml suits both the toolchain and wants-old-ocaml",
    );
  });
});

describe("a set-up that ends between two layers", () => {
  const script = fileURLToPath(new URL("set-up.ts", import.meta.url));
  it.each(["SIGTERM", "SIGKILL"] as const)(
    "by %s has finished the lower one, and the next begins there",
    async (signal) => {
      const inputs = { ...given, ...mirage, "opam-packages": "slow" };
      const child = spawn(process.execPath, ["--import", "tsx", script, folder, JSON.stringify(inputs)], {
        stdio: ["ignore", "pipe", "inherit"],
        detached: true,
      });
      const lines: string[] = [];
      createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
      // It has begun with the package that takes a minute.
      const isSlow = () =>
        existsSync(store()) && readdirSync(store()).some((name) => existsSync(join(store(), name, "slow.1")));
      await expect.poll(isSlow).toBe(true);
      child.kill(signal);
      await once(child, "exit");
      expect(installedIn(lines)).toEqual([...all, ...ofMirage, "library.1"].sort());
      const complete = await Promise.all(readdirSync(store()).map((name) => readInstalled(join(store(), name))));
      expect(complete.filter((one) => one !== undefined)).toHaveLength(2);

      const next = await make({ ...mirage, "opam-packages": "crunch" });
      expect(next.installed).toEqual(["crunch.2.0.0"]);
      const left = () => readdirSync(store()).filter((name) => !name.endsWith(".kept"));
      await expect.poll(left).toHaveLength(3);
      expect(left()).toContain(basename(next.toolchain.key));
      expect(readFileSync(join(store(), next.toolchain.key, "toolchain.json"), "utf8")).toContain('"origin": "built"');
    },
  );
});
