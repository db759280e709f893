import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { replaceFolder } from "../../platform/files/atomic.js";
import { withLock } from "../../platform/files/lock.js";
import { withOwnFolder } from "../../platform/files/own-folder.js";
import type { Context } from "../../platform/host.js";
import { seconds, size } from "../../platform/log.js";
import type { Published } from "../../platform/network/published.js";
import type { ToolchainCache } from "../../platform/runner/actions-cache.js";
import { readHostSystem } from "../../platform/system.js";
import { kernelPackage, makeHelperVm } from "./make.js";
import { makeXenVm } from "./make-xen.js";
import { type HelperVmFiles, type HelperVmKind, fetchHelperVm, helperVmPlace, isWhole, sizeOf } from "./published.js";
import type { UnpackOptions } from "./unpack.js";

export interface HelperVmOptions extends UnpackOptions {
  /** A second place for helper VMs, after the tool cache. */
  readonly cache?: ToolchainCache;
  /** Absent: no published helper VM is used. */
  readonly published?: Published;
}

/**
 * A helper VM: from the tool cache, a published archive or the other cache, else made from the
 * distribution's own packages. A helper VM in its place is always complete.
 *
 * @throws Problem when a package is unavailable, or a published archive has the wrong SHA-256.
 */
export async function ensureHelperVm(
  context: Context,
  kind: HelperVmKind,
  options: HelperVmOptions,
): Promise<HelperVmFiles> {
  const { host, log } = context;
  const system = await readHostSystem();
  const place = helperVmPlace(host.folders.toolCache, system, kind);
  const isThere = () => existsSync(place.folder) && !existsSync(incompleteMark(place));
  if (isThere()) return place;
  const meta = kernelPackage(system, kind);
  const onWait = (holder: string) => log.line(`  waiting for ${holder}, which is making the same helper VM`);
  const obtain = async (): Promise<"fetched" | "restored" | `made from ${string}`> => {
    if (options.published !== undefined && (await fetchHelperVm(context, place, options.published))) return "fetched";
    if (await restore(place, options.cache)) return "restored";
    await withOwnFolder(context.host.folders.temporary, "boot", (work) =>
      replaceFolder(place.folder, (draft) => {
        const site = { work, draft, place, options };
        return kind === "xen-x86_64" ? makeXenVm(context, meta, site) : makeHelperVm(context, kind, meta, site);
      }),
    );
    return `made from ${meta}`;
  };
  return withLock(`${place.folder}.lock`, onWait, async () => {
    // promise: first-helper-vm-stays
    if (isThere()) return place;
    const start = performance.now();
    const how = await obtain();
    // Left by a restore that was killed; the helper VM is complete now.
    await rm(incompleteMark(place), { force: true });
    const took = seconds(performance.now() - start);
    log.fact("helper VM", `${how} for ${kind} in ${took}, ${size(await sizeOf(place))} (${place.folder})`);
    if (how.startsWith("made")) await options.cache?.save(place.key, [place.folder]);
    return place;
  });
}

/** A cache unpacks file by file: a restore that was cut off must not be used. */
const incompleteMark = ({ folder }: HelperVmFiles) => `${folder}.incomplete`;

async function restore(place: HelperVmFiles, cache: ToolchainCache | undefined): Promise<boolean> {
  if (cache === undefined) return false;
  await writeFile(incompleteMark(place), "");
  const hit = await cache.restore(place.key, [place.folder]);
  const isRestored = hit && isWhole(place);
  if (!isRestored) await rm(place.folder, { recursive: true, force: true });
  await rm(incompleteMark(place));
  return isRestored;
}
