import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { withLock } from "../../../../src/platform/files/lock.js";
import { Problem } from "../../../../src/platform/problem.js";
import { archiveFormat } from "../../../../src/toolchain/archive/manifest.js";
import { packToolchain } from "../../../../src/toolchain/archive/pack.js";
import { paddedPrefix } from "../../../../src/toolchain/archive/prefix.js";
import { unpackToolchain } from "../../../../src/toolchain/archive/unpack.js";
import { toolchainKey } from "../../../../src/toolchain/key.js";
import {
  type InstalledToolchain,
  readInstalledEntries,
  writeInstalled,
  changedEntries,
} from "../../../../src/toolchain/store/installed.js";
import { publishToolchain } from "../../../../src/toolchain/store/publish-archive.js";
import { collectingLog } from "../../../collecting-log.js";
import { exampleSpec } from "../examples.js";

const notes = "opam/toolchain/.opam-switch";
const key = toolchainKey(exampleSpec);
let folder: string;
let toolchain: InstalledToolchain;

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "unikernel-ci-publish-")));
  const path = join(folder, "toolchain");
  mkdirSync(join(path, notes, "packages/ocaml.5.4.1"), { recursive: true });
  writeFileSync(join(path, "opam/toolchain/script"), `#!${paddedPrefix(path).toString()}/bin/run\n`);
  writeFileSync(join(path, notes, "environment"), `PATH\t=\t${paddedPrefix(path).toString()}/bin\n`);
  writeFileSync(join(path, notes, "switch-state"), 'installed: ["ocaml.5.4.1"]');
  const environment = { path: [join(path, "bin")], variables: {} };
  const source = { key, spec: exampleSpec, environment, folder: path, prefix: paddedPrefix(path), keeps: () => true };
  const { manifest } = await packToolchain(source, join(folder, "first"), 1);
  writeInstalled(path, path, "built", { ...manifest, format: archiveFormat, environment });
  toolchain = { key, path, origin: "built", spec: exampleSpec, environment };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** @param onFact called with the label of each fact when it is logged. */
const publish = (onFact?: (label: string) => void, told: string[] = []) => {
  const log = collectingLog(told);
  const fact = (label: string, text: string) => {
    log.fact(label, text);
    onFact?.(label);
  };
  return publishToolchain({ ...log, fact }, toolchain, join(folder, "mirror"), false, 1);
};

const folderFor = (file: string) => {
  rmSync(file);
  mkdirSync(file);
};
const linkFor = (file: string) => {
  rmSync(file);
  symlinkSync("elsewhere", file);
};

it("a toolchain whose opam state was rewritten is unchanged, and is packed with its path in that state", async () => {
  const { path } = toolchain;
  writeFileSync(
    join(path, notes, "environment"),
    `PATH\t=\t${path}/bin:${paddedPrefix(path).toString()}/lib:${path}-other\n`,
  );
  writeFileSync(join(path, notes, "switch-state"), 'installed: [\n  "ocaml.5.4.1"\n]\n');
  expect(await changedEntries(path, (await readInstalledEntries(path)) ?? [])).toEqual([]);

  const { url } = await publish();
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(elsewhere);
  await unpackToolchain(createReadStream(join(folder, "mirror", url)), elsewhere, "/opt/toolchain");
  const there = paddedPrefix("/opt/toolchain").toString();
  expect(readFileSync(join(elsewhere, notes, "environment"), "utf8")).toBe(
    `PATH\t=\t${there}/bin:${there}/lib:${path}-other\n`,
  );
  expect(readFileSync(join(elsewhere, notes, "switch-state"), "utf8")).toBe('installed: [\n  "ocaml.5.4.1"\n]\n');
});

it("a removed state file is a change", async () => {
  rmSync(join(toolchain.path, notes, "switch-state"));
  await expect(publish()).rejects.toMatchObject({ facts: { found: [`${notes}/switch-state`] } });
});

it.each<[how: string, change: (file: string) => void]>([
  ["other text", (file) => writeFileSync(file, "mine")],
  ["no file", (file) => rmSync(file)],
  ["a folder", folderFor],
  ["a program", (file) => chmodSync(file, 0o755)],
  ["a link", linkFor],
])("a file that is %s since it was unpacked is named, with what to do", async (_, change) => {
  change(join(toolchain.path, "opam/toolchain/script"));
  const problem: unknown = await publish().catch((error: unknown) => error);
  expect(String(problem)).toBe(`files of the toolchain in ${toolchain.path} changed since it was unpacked
  found      opam/toolchain/script
  do         list all of them with \`unikernel-ci toolchain verify ${key}\`
             remove the folder and run \`unikernel-ci setup\` again`);
  expect(readdirSync(folder)).not.toContain("mirror");
});

it.each<[how: string, change: (file: string) => void]>([
  ["other text", (file) => writeFileSync(file, "mine")],
  ["no file", (file) => rmSync(file)],
  ["a folder", folderFor],
])("a file that becomes %s while it is packed is named, and nothing is published", async (_, change) => {
  const onFact = (label: string) => label === "checked" && change(join(toolchain.path, "opam/toolchain/script"));
  const problem: unknown = await publish(onFact).catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(Problem);
  expect(String(problem)).toBe(`opam/toolchain/script changed while its toolchain was being packed
  do         find the process that wrote to it, and pack again when it has ended`);
  expect(readdirSync(join(folder, "mirror"))).toEqual([]);
});

it("logs its progress and its output", async () => {
  const told: string[] = [];
  await publish(undefined, told);
  const lines = told.map((line) =>
    line
      .replace(/[\d.]+ (?=s|k?B)/g, "N ")
      .replace(/(?:25|50|75)%/, "N%")
      .trim(),
  );
  expect([...new Set(lines)]).toEqual([
    "N s  checking: N% of N B",
    "checked: N B in 8 entries, in N s",
    "N s  packing: N% of N B",
    "archive: N B in N s",
  ]);
});

it("waits for the process that uses the toolchain, and holds its lock meanwhile", async () => {
  const lock = `${toolchain.path}.lock`;
  const told: string[] = [];
  const held: boolean[] = [];
  const publishing = await withLock(
    lock,
    () => undefined,
    async () => {
      const waiting = publish(() => void held.push(existsSync(lock)), told);
      await expect.poll(() => told.join("\n")).toMatch(/^ {2}waiting for process \d+ on .*, which uses the toolchain$/);
      return { waiting };
    },
  );
  await publishing.waiting;
  expect(held).toEqual([true, true]);
  expect(existsSync(lock)).toBe(false);
});

it("a toolchain that was removed while it waited is not packed", async () => {
  const publishing = await withLock(
    `${toolchain.path}.lock`,
    () => undefined,
    () => {
      const waiting = publish().catch((error: unknown) => error);
      rmSync(toolchain.path, { recursive: true });
      return Promise.resolve({ waiting });
    },
  );
  expect(String(await publishing.waiting)).toContain("was removed or replaced meanwhile");
});

it.each(["packages/fmt.0.11.0", "overlay/fmt"])("a toolchain with %s on top is not packed", async (name) => {
  mkdirSync(join(toolchain.path, notes, name), { recursive: true });
  await expect(publish()).rejects.toThrow("has packages that were not unpacked with it");
  expect(readdirSync(folder)).not.toContain("mirror");
});
