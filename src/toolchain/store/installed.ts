import { readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "../../platform/files/atomic.js";
import { markText, ownMark, ownerAgeMs, parseMark } from "../../platform/process/owner-mark.js";
import { isRecord } from "../../platform/shape.js";
import {
  type ArchiveEntry,
  type ArchiveManifest,
  archiveFormat,
  locateEnvironment,
  manifestName,
} from "../archive/manifest.js";
import { toolchainKey } from "../key.js";
import { isEnvironment, isSpec } from "../shapes.js";
import { type Toolchain, type ToolchainOrigin, toolchainOrigins } from "../toolchain.js";

/** Beside what a toolchain is, so that a job which only uses it does not read a list of thousands of files. */
export const filesName = "toolchain-files.json";
/** Whose process has used it last: what that says of time no clock that is set can change. */
const userName = "toolchain-user";

/** A toolchain as its folder tells of it. */
export type InstalledToolchain = Omit<Toolchain, "source">;

/**
 * Written last, before the folder gets its name: a folder with it is a complete toolchain.
 *
 * @param path where the folder will be.
 * @param origin who gave it: an archive cannot say that of itself.
 */
export async function writeInstalled(
  folder: string,
  path: string,
  origin: ToolchainOrigin,
  manifest: ArchiveManifest,
): Promise<void> {
  const { format, key, spec, environment, entries } = manifest;
  const located = { format, key, spec, path, origin, environment: locateEnvironment(environment, path) };
  await writeFileAtomically(join(folder, filesName), JSON.stringify({ entries }));
  await writeFileAtomically(join(folder, manifestName), `${JSON.stringify(located, null, 2)}\n`);
}

/**
 * The complete toolchain in a folder.
 *
 * @returns undefined when there is none: nothing, one of another format, or one that was made for another path or spec
 *   than its key says.
 * @param folder where its record is, when it is not in its folder.
 */
export async function readInstalled(path: string, folder = path): Promise<InstalledToolchain | undefined> {
  const value = await readJson(join(folder, manifestName));
  if (value === undefined || value["format"] !== archiveFormat || value["path"] !== path) return undefined;
  const { key, spec, environment } = value;
  const origin = toolchainOrigins.find((one) => one === value["origin"]);
  if (origin === undefined || !isSpec(spec) || !isEnvironment(environment) || key !== toolchainKey(spec))
    return undefined;
  return { key, path, origin, spec, environment };
}

/** What was unpacked into a toolchain's folder; what came later (`opam install` on top) is not in it. */
export async function readInstalledEntries(path: string): Promise<readonly ArchiveEntry[] | undefined> {
  const entries = (await readJson(join(path, filesName)))?.["entries"];
  return Array.isArray(entries) ? (entries as ArchiveEntry[]) : undefined;
}

/** Whether the toolchain is still where its record says. */
export async function isInstalled({ key, path }: Pick<Toolchain, "key" | "path">): Promise<boolean> {
  return (await readInstalled(path))?.key === key;
}

/** Notes that a toolchain was used now: see evict.ts. */
export async function noteUse(path: string): Promise<void> {
  const now = new Date();
  // A tool cache that may only be read is as good.
  await utimes(join(path, manifestName), now, now).catch(() => undefined);
  await writeFile(join(path, userName), markText(ownMark())).catch(() => undefined);
}

/** When a toolchain was used last. */
export interface LastUse {
  /** In milliseconds since 1970, as the clock was set then. */
  readonly usedMs: number;
  /** How long ago. By the clock that may be set only where that was before this machine's last start, and never below 0. */
  readonly unusedMs: number;
}

/**
 * @param folder where the toolchain's record is.
 * @returns undefined when there is none.
 */
export async function readLastUse(folder: string): Promise<LastUse | undefined> {
  const manifest = join(folder, manifestName);
  const stats = await stat(manifest).catch(() => undefined);
  if (stats === undefined) return undefined;
  const usedMs = stats.mtimeMs;
  const user = parseMark(await readFile(join(folder, userName), "utf8").catch(() => ""));
  const agoMs = Date.now() - usedMs;
  // A time to come would be the newest for ever.
  if (agoMs < -day) await utimes(manifest, new Date(), new Date()).catch(() => undefined);
  return { usedMs, unusedMs: (user && ownerAgeMs(user)) ?? Math.max(0, agoMs) };
}

const day = 24 * 3600 * 1000;

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
