// node restore.mjs TOOLCACHE MIRROR SPEC [unpack]: what a set-up does for a published toolchain, without a smoke test:
// that of a synthetic toolchain could not be.
import { readFileSync } from "node:fs";
import { openMounts } from "../../lib/src/platform/files/mount.js";
import { inspectHost } from "../../lib/src/platform/host.js";
import { processes } from "../../lib/src/platform/process/process.js";
import { toolchainKey } from "../../lib/src/toolchain/key.js";
import { toolchainPlace } from "../../lib/src/toolchain/store/place.js";
import { publishedLevel } from "../../lib/src/toolchain/store/levels.js";
import { obtainToolchain } from "../../lib/src/toolchain/store/store.js";

const [, , toolCache = "", mirror = "", specFile = ""] = process.argv;
const spec = JSON.parse(readFileSync(specFile, "utf8"));
const nothing = () => undefined;
const log = { fact: nothing, line: nothing, debug: nothing, notice: console.error, group: (_, body) => body() };
const key = toolchainKey(spec);
const wanted = {
  spec,
  key,
  place: await toolchainPlace(toolCache, key),
  trusts: () => true,
  findMounts: () => openMounts({ host: inspectHost(), log, processes }),
  build: () => Promise.reject(new Error("the mirror does not have it")),
  smokeTest: () => Promise.resolve(),
};
await obtainToolchain(log, wanted, [publishedLevel(log, mirror)]);
