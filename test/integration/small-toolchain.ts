import { createCipheriv } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../src/platform/log.js";
import type { Patience } from "../../src/platform/network/published.js";
import { Problem } from "../../src/platform/problem.js";
import { actionsCache } from "../../src/platform/runner/actions-cache.js";
import { paddedPrefix } from "../../src/toolchain/archive/prefix.js";
import { toolchainKey } from "../../src/toolchain/key.js";
import { type ArchiveLevel, actionsCacheLevel, publishedLevel } from "../../src/toolchain/store/levels.js";
import { toolchainPlace } from "../../src/toolchain/store/place.js";
import { obtainToolchain } from "../../src/toolchain/store/store.js";
import type { Makers } from "../../src/toolchain/store/wanted.js";
import type { Toolchain, ToolchainSpec } from "../../src/toolchain/toolchain.js";
import { collectingLog } from "../collecting-log.js";
import { exampleSpec } from "../unit/toolchain/examples.js";

// A toolchain of two files, for what happens to its archive on its way: no opam, and no compiler.

export const smallKey = toolchainKey(exampleSpec);

/** What nobody can compress, so that the archive comes in more than one of Azure's parts of 4 MB. */
const ballast = createCipheriv("aes-256-ctr", Buffer.alloc(32), Buffer.alloc(16)).update(Buffer.alloc(5_000_000));

export const smallMakers: Makers = {
  build: (path) => {
    mkdirSync(join(path, "bin"));
    writeFileSync(join(path, "bin/compiler"), `#!${path}/bin/ocamlrun\n`, { mode: 0o755 });
    writeFileSync(join(path, "ballast"), ballast);
    return Promise.resolve({ path: [join(path, "bin")], variables: {} });
  },
  slim: () => Promise.resolve(() => true),
  smokeTest: ({ path }) => {
    const isWhole =
      readFileSync(join(path, "bin/compiler"), "utf8").startsWith(`#!${paddedPrefix(path).toString()}/bin`) &&
      readFileSync(join(path, "ballast")).equals(ballast);
    return isWhole ? Promise.resolve() : Promise.reject(new Problem("it is not whole"));
  },
};

export const everyPolicy = { restore: true, save: true, why: "test" };

export const cacheLevel = (log: Log): ArchiveLevel => actionsCacheLevel(actionsCache(log), everyPolicy);
export const mirrorLevel = (log: Log, mirror: string, patience?: Patience): ArchiveLevel =>
  publishedLevel(log, mirror, [], patience);

/** @param tools the tool cache. */
export async function obtainSmall(
  log: Log,
  tools: string,
  levels: readonly ArchiveLevel[],
  makers = smallMakers,
  spec: ToolchainSpec = exampleSpec,
  spare?: string,
): Promise<Toolchain> {
  const key = toolchainKey(spec);
  const elsewhere = spare === undefined ? {} : { spare: () => toolchainPlace(spare, key) };
  return obtainToolchain(
    log,
    {
      spec,
      key,
      place: await toolchainPlace(tools, key),
      trusts: () => true,
      findMounts: () => Promise.resolve(undefined),
      ...elsewhere,
      ...makers,
    },
    levels,
  );
}

// For tests that end a restore from outside: `node --import tsx small-toolchain.ts TOOLS [MIRROR]`.
const [, script, tools, mirror] = process.argv;
if (script?.endsWith("/small-toolchain.ts") === true && tools !== undefined) {
  const log = collectingLog([]);
  console.log("begun");
  const { source } = await obtainSmall(log, tools, [mirror === undefined ? cacheLevel(log) : mirrorLevel(log, mirror)]);
  console.log(source);
}
