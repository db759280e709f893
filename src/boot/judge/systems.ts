import { Problem } from "../../platform/problem.js";
import { type Dialect, targets } from "../../targets/targets.js";
import { dialects, unikraftLog } from "./dialect.js";
import type { Rules } from "./rules.js";
import { anyOf } from "./vmm-words.js";

/**
 * The first lines of the systems of the targets, and of other unikernels: OSv's loader.cc, Mini-OS's kernel.c and that
 * of mirage-xen before Solo5, rumprun's platform/, Nanos's src/net/net.c, Hermit's loader and kernel.
 */
const systems: readonly { readonly name: string; readonly dialect?: Dialect; readonly first: RegExp }[] = [
  { name: "Solo5", dialect: "solo5", first: anyOf(dialects.solo5.banner.first, dialects.solo5.banner.last) },
  { name: "Unikraft", dialect: "unikraft", first: anyOf(dialects.unikraft.banner.first, unikraftLog) },
  { name: "OSv", first: /^OSv v\d/ },
  { name: "Mini-OS", first: /^(?:Xen Minimal OS!|MirageOS booting\.\.\.)$/ },
  { name: "rumprun", first: /^rump kernel bare metal bootstrap$/ },
  { name: "Nanos", first: /^en\d: assigned [\da-f]/ },
  { name: "Hermit", first: /^\[(?:LOADER|0)\]\[INFO\] / },
];

/**
 * Reads a line of a console that shows no system yet.
 *
 * @returns whether it shows that of the rules. @throws Problem for another.
 */
export function isOwnSystem(line: string, { words }: Rules): boolean {
  const system = systems.find(({ first }) => first.test(line));
  if (system === undefined) return false;
  const dialect = (Object.keys(dialects) as Dialect[]).find((name) => dialects[name] === words);
  if (dialect === undefined || system.dialect === dialect) return true;
  const accepted = Object.values(targets).filter((target) => system.dialect === target.dialect);
  throw new Problem(`this console is not of the target: ${system.name} printed it`, {
    found: line,
    ...(accepted.length > 0
      ? { accepted: accepted.map(({ name }) => name).join(", "), do: "set `--target`" }
      : { because: "`explain` knows Solo5, Unikraft and host processes" }),
  });
}
