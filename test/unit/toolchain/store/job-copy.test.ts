import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { markText, ownMark } from "../../../../src/platform/process/owner-mark.js";
import { type ArchiveEntry, archiveFormat } from "../../../../src/toolchain/archive/manifest.js";
import { paddedPrefix, placeholder } from "../../../../src/toolchain/archive/prefix.js";
import { toolchainKey } from "../../../../src/toolchain/key.js";
import { isInstalled, writeInstalled } from "../../../../src/toolchain/store/installed.js";
import { beginInstalling, takeJobCopy } from "../../../../src/toolchain/store/job-copy.js";
import type { Toolchain } from "../../../../src/toolchain/toolchain.js";
import { treeHash } from "../../../tree-hash.js";
import { fakeContext, toolchainFor } from "../../project/fixtures.js";

const opam = "opam/toolchain";
let folder: string;
let cached: Toolchain;
let context: ReturnType<typeof fakeContext>;

/** A toolchain with a file that contains its path, a program, a link, and opam's state. */
function install(path: string, compiler = "compiler"): void {
  const { spec } = cached;
  mkdirSync(join(path, opam, ".opam-switch"), { recursive: true });
  mkdirSync(join(path, opam, "bin"));
  writeFileSync(join(path, opam, "bin/ocamlopt"), compiler, { mode: 0o755 });
  writeFileSync(join(path, opam, "findlib.conf"), `path="${paddedPrefix(path).toString()}/lib"\n`);
  writeFileSync(join(path, opam, ".opam-switch/switch-state"), "installed: []");
  symlinkSync(`${path}/opam/toolchain/bin/ocamlopt`, join(path, opam, "bin/ocamlc"));
  const file = (name: string, more = {}): ArchiveEntry => ({
    ...{ kind: "file", path: `${opam}/${name}`, executable: false, bytes: 1000, sha256: "0".repeat(64), ...more },
  });
  const folders = ["opam", opam, `${opam}/bin`, `${opam}/.opam-switch`];
  writeInstalled(path, path, "built", {
    format: archiveFormat,
    key: cached.key,
    spec,
    environment: { path: [`${placeholder}/bin`], variables: { OPAMROOT: `${placeholder}/opam` } },
    entries: [
      ...folders.map((name): ArchiveEntry => ({ kind: "folder", path: name })),
      file("bin/ocamlopt"),
      file("findlib.conf", { prefixAt: [6] }),
      file(".opam-switch/switch-state"),
      { kind: "link", path: `${opam}/bin/ocamlc`, target: `${placeholder}/opam/toolchain/bin/ocamlopt` },
    ],
  });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-copy-"));
  const made = toolchainFor("x86_64", "solo5");
  const key = toolchainKey(made.spec);
  cached = { ...made, key, path: join(folder, "tools/toolchains", key), origin: "built" };
  install(cached.path);
  context = fakeContext(folder, () => Promise.resolve(undefined));
  return () => rmSync(folder, { recursive: true, force: true });
});

const take = () => takeJobCopy(context, cached);
const told = () => context.logged.filter((line) => line.startsWith("job's copy")).at(-1);

describe("a job's copy of a toolchain", () => {
  test("is a toolchain of the same key elsewhere, with its own path in it", async () => {
    const { path, environment, key, source } = await take();
    expect(path).toMatch(new RegExp(`^${folder}/tools/jobs/[0-9a-f]{8}-1/${cached.key}$`));
    expect({ environment, key, source }).toMatchObject({
      environment: { path: [`${path}/bin`], variables: { OPAMROOT: `${path}/opam` } },
      key: cached.key,
      source: cached.source,
    });
    expect(await isInstalled({ key, path })).toBe(true);
    expect(readFileSync(join(path, opam, "findlib.conf"), "utf8")).toBe(
      `path="${paddedPrefix(path).toString()}/lib"\n`,
    );
    expect(readlinkSync(join(path, opam, "bin/ocamlc"))).toBe(`${path}/${opam}/bin/ocamlopt`);
    expect(statSync(join(path, opam, "bin/ocamlopt")).mode & 0o777).toBe(0o755);
    expect(told()).toMatch(/: 4 files copied in /);
  });

  test("shares no file with the cached one: what is written in place, by root too, does not reach it", async () => {
    const before = treeHash(cached.path);
    const { path } = await take();
    for (const name of ["bin/ocamlopt", "bin/ocamlc", "findlib.conf", ".opam-switch/switch-state"]) {
      chmodSync(join(path, opam, name), 0o777);
      writeFileSync(join(path, opam, name), "changed in place", { flag: "r+" });
    }
    expect(treeHash(cached.path)).toBe(before);
  });

  test.each<[string, number, (path: string) => void]>([
    ["a file that was written in place", 1, (path) => writeFileSync(join(path, "bin/ocamlopt"), "changed!")],
    [
      "a file whose time was set back",
      1,
      (path) => {
        // utimes(2) of Node rounds to milliseconds.
        const script = "cp -p ocamlopt ../was; printf 'changed!' > ocamlopt; touch -r ../was ocamlopt; rm ../was";
        execFileSync("sh", ["-e", "-c", script], { cwd: join(path, "bin") });
      },
    ],
    ["a file that became shorter", 1, (path) => truncateSync(join(path, "findlib.conf"), 3)],
    ["a file that is gone", 1, (path) => rmSync(join(path, "findlib.conf"))],
    ["a folder that is gone", 2, (path) => rmSync(join(path, "bin"), { recursive: true })],
    [
      "a folder that became a link",
      2,
      (path) => {
        renameSync(join(path, "bin"), join(path, "moved"));
        symlinkSync("moved", join(path, "bin"));
      },
    ],
    [
      "a link that leads elsewhere",
      1,
      (path) => {
        rmSync(join(path, "bin/ocamlc"));
        symlinkSync("/bin/true", join(path, "bin/ocamlc"));
      },
    ],
    ["a program that is none any more", 1, (path) => chmodSync(join(path, "bin/ocamlopt"), 0o600)],
    ["a folder that nobody may enter", 0, (path) => chmodSync(join(path, "bin"), 0o000)],
    [
      "what was added",
      0,
      (path) => {
        mkdirSync(join(path, "lib/www"), { recursive: true });
        writeFileSync(join(path, "lib/www/META"), "");
        writeFileSync(join(path, "bin/www"), "");
        writeFileSync(join(path, "../../toolchain-note"), "");
      },
    ],
    ["nothing", 0, () => undefined],
  ])("is made again what it was: %s", async (_, written, change) => {
    const { path } = await take();
    const before = treeHash(path);
    change(join(path, opam));
    expect((await take()).path).toBe(path);
    expect(treeHash(path)).toBe(before);
    expect(told()).toMatch(written === 0 ? ": unchanged in " : `: ${written} files restored in `);
  });

  test("keeps what opam has downloaded, whose checksums opam compares", async () => {
    const { path } = await take();
    mkdirSync(join(path, "opam/download-cache/sha256"), { recursive: true });
    writeFileSync(join(path, "opam/download-cache/sha256/abc"), "archive");
    await take();
    expect(readFileSync(join(path, "opam/download-cache/sha256/abc"), "utf8")).toBe("archive");
  });

  test("is copied again when another toolchain has replaced the cached one", async () => {
    const { path } = await take();
    rmSync(cached.path, { recursive: true });
    install(cached.path, "another compiler");
    await take();
    expect(readFileSync(join(path, opam, "bin/ocamlopt"), "utf8")).toBe("another compiler");
  });

  test("that was killed halfway is not used, and is copied again", async () => {
    const { path } = await take();
    const before = treeHash(path);
    rmSync(`${path}.copied.json`);
    rmSync(join(path, "toolchain.json"));
    writeFileSync(join(path, opam, "findlib.conf"), "half");
    expect(await isInstalled({ key: cached.key, path })).toBe(false);
    await take();
    expect(treeHash(path)).toBe(before);
  });

  test("is made again in place of a link to a folder elsewhere, of which nothing changes", async () => {
    const { path } = await take();
    const before = treeHash(path);
    renameSync(path, join(folder, "elsewhere"));
    writeFileSync(join(folder, "elsewhere/of-a-user"), "");
    symlinkSync(join(folder, "elsewhere"), path);
    const elsewhere = treeHash(join(folder, "elsewhere"));
    await take().catch(() => undefined);
    expect(treeHash(join(folder, "elsewhere"))).toBe(elsewhere);
    expect(lstatSync(path).isDirectory()).toBe(true);
    expect(treeHash(path)).toBe(before);
  });

  test("has records that are written through no link", async () => {
    const { path } = await take();
    const precious = join(folder, "precious");
    writeFileSync(precious, "precious");
    for (const name of [join(dirname(path), "user"), `${path}.installed`]) {
      rmSync(name, { force: true });
      symlinkSync(precious, name);
    }
    await take();
    symlinkSync(precious, `${path}.installed`);
    await beginInstalling(path);
    expect(readFileSync(precious, "utf8")).toBe("precious");
  });

  test("is another one for another run that goes on", async () => {
    const { path } = await take();
    const stat = readFileSync(`/proc/${process.ppid}/stat`, "utf8");
    const start = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    const user = join(dirname(path), "user");
    writeFileSync(user, markText({ ...ownMark(), pid: process.ppid, start }));
    const second = await take();
    expect(basename(dirname(second.path))).toMatch(/-2$/);
    writeFileSync(user, markText({ ...ownMark(), pid: process.ppid, start: start + 1 }));
    expect((await take()).path).toBe(path);
  });

  test("is another one for another runner of the machine", async () => {
    const { path } = await take();
    const environment = { ...context.host.environment, RUNNER_NAME: "another" };
    const other = await takeJobCopy({ ...context, host: { ...context.host, environment } }, cached);
    expect(dirname(other.path)).not.toBe(dirname(path));
  });

  test("is removed with its toolchain, or when unused for a week", async () => {
    const { path } = await take();
    const copies = dirname(dirname(path));
    const old = join(copies, "00000000-1");
    mkdirSync(join(old, "anything"), { recursive: true });
    const weekAgo = new Date(Date.now() - 8 * 24 * 3600 * 1000);
    utimesSync(old, weekAgo, weekAgo);
    const evicted = cached.path;
    renameSync(cached.path, `${cached.path}x`);
    const spec = { ...cached.spec, cCompiler: "13" };
    const key = toolchainKey(spec);
    cached = { ...cached, spec, key, path: join(dirname(evicted), key) };
    install(cached.path);
    await take();
    expect(readdirSync(copies).sort()).toEqual([basename(dirname(path))]);
    expect(readdirSync(dirname(path)).sort()).toEqual([cached.key, `${cached.key}.copied.json`, "user"].sort());
  });

  test("is in the state folder when the tool cache is read-only", async () => {
    // A file with its name prevents even root from creating the folder.
    writeFileSync(join(folder, "tools/jobs"), "");
    expect((await take()).path.startsWith(`${context.host.folders.state}/jobs/`)).toBe(true);
  });

  test("is restored for a second build that installs, with the packages from before the first", async () => {
    const { path } = await take();
    writeFileSync(join(path, opam, "bin/by-a-step"), "");
    await beginInstalling(path);
    expect(existsSync(join(path, opam, "bin/by-a-step"))).toBe(true);
    writeFileSync(join(path, opam, "bin/www"), "");
    await beginInstalling(path);
    expect(existsSync(join(path, opam, "bin/www"))).toBe(false);
  });

  test("is only renewed where there is one: the cached toolchain is never touched", async () => {
    const before = treeHash(cached.path);
    await beginInstalling(cached.path);
    expect(treeHash(cached.path)).toBe(before);
    expect(lstatSync(cached.path).isDirectory()).toBe(true);
  });
});
