import { createReadStream } from "node:fs";
import { realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ensureHelperVm } from "../boot/helper-vm/ensure.js";
import { publishHelperVm } from "../boot/helper-vm/published.js";
import { folderBytes, isFile } from "../platform/files/folder-content.js";
import type { Context } from "../platform/host.js";
import { aligned, printedJson, seconds, size, terminalWidth } from "../platform/log.js";
import { Problem, WrongUse } from "../platform/problem.js";
import { findProgram } from "../platform/process/programs.js";
import { architectureOf, architectureWords } from "../targets/architecture.js";
import { BadArchive } from "../toolchain/archive/manifest.js";
import { checkArchive } from "../toolchain/archive/unpack.js";
import { slimTable } from "../toolchain/slim.js";
import { copiedFrom } from "../toolchain/store/copy.js";
import { listToolchains } from "../toolchain/store/evict.js";
import {
  type InstalledToolchain,
  readInstalled,
  readInstalledEntries,
  changedEntries,
} from "../toolchain/store/installed.js";
import { listKept, removeKept } from "../toolchain/store/kept.js";
import { toolchainsFolder } from "../toolchain/store/place.js";
import { packLevels, publishLevel, publishToolchain } from "../toolchain/store/publish-archive.js";

type Print = (text: string) => void;

/** Lists the toolchains of this machine, most recently used first, and the unfinished builds that can be resumed. */
export async function listCommand({ host }: Context, print: Print, asJson: boolean): Promise<boolean> {
  const folder = toolchainsFolder(host.folders.toolCache);
  const kept = (await listToolchains(folder)).toSorted((a, b) => b.usedMs - a.usedMs);
  const rows = await Promise.all(
    kept.map(async (one) => ({ ...one, ...(await readInstalled(await realpath(join(folder, one.name)))) })),
  );
  const builds = await Promise.all(
    (await listKept(folder)).map(async (build) => ({ ...build, bytes: await folderBytes(build.path) })),
  );
  if (asJson)
    print(
      `${printedJson([
        ...rows.map(({ name, bytes, usedMs, path, origin }) => ({ key: name, bytes, usedMs, path, origin })),
        ...builds.map(({ key, bytes, path, packages }) => ({ key, bytes, path, packages, isUnfinished: true })),
      ])}\n`,
    );
  else if (rows.length + builds.length === 0) print(`no toolchains in ${folder}\n`);
  if (asJson || rows.length + builds.length === 0) return true;
  const lines = aligned(
    [
      ["toolchain", "size", "used"],
      ...rows.map(({ name, bytes, usedMs, origin }) => [
        name,
        size(bytes),
        `${new Date(usedMs).toISOString().slice(0, 10)} ${origin ?? "from another version"}`,
      ]),
      ...builds.map(({ key, bytes, ageMs, packages }) => [
        key,
        size(bytes),
        `unfinished, ${packages} packages, ${seconds(ageMs)} old: \`toolchain clean\` removes it`,
      ]),
    ],
    terminalWidth,
  );
  for (const line of lines) print(`${line}\n`);
  return true;
}

/** Removes unfinished builds. */
export async function cleanCommand({ host, log }: Context): Promise<boolean> {
  const kept = await listKept(await realpath(toolchainsFolder(host.folders.toolCache)).catch(() => ""));
  for (const { path } of kept) removeKept(log, path);
  if (kept.length === 0) log.line("no unfinished builds");
  return true;
}

/** Compares a toolchain, or an archive of one, with its manifest. Returns whether they match. */
export async function verifyCommand(context: Context, what: string, print: Print): Promise<boolean> {
  if (await isFile(what)) {
    const manifest = await checkArchive(createReadStream(what)).catch((error: unknown) => {
      throw error instanceof BadArchive ? new Problem(`${what} is not a toolchain archive: ${error.message}`) : error;
    });
    print(`${manifest.key}: ${manifest.entries.length} entries, all match the manifest\n`);
    return true;
  }
  const toolchain = await find(context, what);
  const entries = (await readInstalledEntries(toolchain.path)) ?? [];
  const changed = await changedEntries(toolchain.path, entries);
  for (const path of changed) print(`changed or missing: ${path}\n`);
  print(`${toolchain.key}: ${entries.length - changed.length} of ${entries.length} entries match the manifest\n`);
  return changed.length === 0;
}

function levelOf(text: string | undefined): number {
  if (text === undefined) return publishLevel;
  const { least, most } = packLevels;
  const level = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (level >= least && level <= most) return level;
  throw new WrongUse(`option --level: ${JSON.stringify(text)} is not accepted`, {
    accepted: `a whole number from ${least} to ${most}`,
  });
}

/** The options of `toolchain pack`, as they were written. */
export interface PackOptions {
  readonly to: string;
  readonly level?: string;
}

/** Packs a toolchain into a folder that can serve as a mirror. */
export async function packCommand(
  context: Context,
  what: string,
  { to, level: text }: PackOptions,
  print: Print,
): Promise<boolean> {
  const level = levelOf(text);
  const canImage = findProgram("mksquashfs", context.host.environment["PATH"]) !== undefined;
  const toolchain = await find(context, what);
  const { image, ...archive } = await publishToolchain(context.log, toolchain, resolve(to), canImage, level);
  for (const { url, bytes, sha256 } of [archive, image ?? []].flat())
    print(`${join(to, url)}  ${size(bytes)}  sha256 ${sha256}\n`);
  if (image === undefined) print("no mountable image: mksquashfs (Debian: squashfs-tools) is not installed\n");
  return true;
}

/** Packs the helper VM into a folder that can serve as a mirror; builds it first if this machine has none. */
export async function helperVmCommand(context: Context, word: string, to: string, print: Print): Promise<boolean> {
  const kind = word === "xen-x86_64" ? word : architectureOf(word);
  if (kind === undefined)
    throw new Problem(`there is no helper VM for ${word}`, {
      accepted: [...architectureWords, "xen-x86_64"].join(", "),
    });
  const helperVm = await ensureHelperVm(context, kind, { install: false });
  const { url, bytes, sha256 } = await publishHelperVm(context, helperVm, resolve(to));
  print(`${join(to, url)}  ${size(bytes)}  sha256 ${sha256}\n`);
  return true;
}

/** Prints what packing removes from a toolchain's folder, rule by rule. */
export async function slimCommand(folder: string, print: Print, asJson: boolean): Promise<boolean> {
  const rows = await slimTable(resolve(folder)).catch(() => {
    throw new Problem(`${folder} is not a toolchain folder`, { accepted: "a folder that contains opam/" });
  });
  if (asJson) print(`${printedJson(rows)}\n`);
  for (const { name, files, bytes, reason } of asJson ? [] : rows) {
    print(`${name.padEnd(32)} ${String(files).padStart(6)} files  ${size(bytes).padStart(9)}  ${reason}\n`);
  }
  return true;
}

/** @param what a key, or the path of a toolchain's folder. */
async function find({ host }: Context, what: string): Promise<InstalledToolchain> {
  const candidates = [join(toolchainsFolder(host.folders.toolCache), what), resolve(what)];
  for (const candidate of candidates) {
    const path = await realpath(candidate).catch(() => undefined);
    // A job's copy may have been changed: take the cached toolchain that it was copied from.
    const found = path === undefined ? undefined : await readInstalled((await copiedFrom(path)) ?? path);
    if (found !== undefined) return found;
  }
  throw new Problem(`this machine has no toolchain ${what}`, {
    accepted: "a key of `unikernel-ci toolchain list`, or the path of a toolchain’s folder",
  });
}
