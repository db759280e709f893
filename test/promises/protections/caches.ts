import type { ProtectionTable } from "../protection.js";

// What other runs have left.

export const caches: ProtectionTable = {
  "of another key in the cache, or in the same place, is not taken": [
    ["src/toolchain/store/in-place.ts", "manifest.key !== key", "false"],
    [
      "src/toolchain/store/store.ts",
      "if (found?.key !== key) return undefined",
      "if (found === undefined) return undefined",
    ],
  ],
  "leaves the cached toolchains as they were: %s": [
    ["src/toolchain/setup.ts", "takeJobCopy(context, obtained)", "obtained"],
  ],
  "has it itself, and the next set-up makes it what it was: %s": [
    ["src/toolchain/store/store.ts", "    await takeBack(log, wanted.findMounts, wanted.place);\n", ""],
  ],
  "is what it was for the next set-up of the job: %s": [
    ["src/toolchain/store/store.ts", "  if (!(await isAsHandedOut(place.path))) return undefined;\n", ""],
    [
      "src/toolchain/store/handed-out.ts",
      'return { identities: new Map(), image: "none", contents: new Map() }',
      "return undefined",
    ],
    ["src/toolchain/store/drafts.ts", ", handedOutRecordOf(place.path)]", "]"],
    ["src/toolchain/store/identities.ts", " && found.size === known.size", ""],
  ],
  "has the cached toolchain itself only where nothing of it outlives the job: %s": [
    ["src/toolchain/store/handed-out.ts", "isThrownAway(host) && ", ""],
    ["src/toolchain/store/handed-out.ts", 'origin !== "built" && ', ""],
    ["src/platform/host.ts", ' && environment["RUNNER_ENVIRONMENT"] === "github-hosted"', ""],
    ["src/platform/host.ts", 'isGitHubActions && environment["RUNNER', 'environment["RUNNER'],
  ],
  "shares no file with the cached one: what is written in place, by root too, does not reach it": [
    [
      "src/toolchain/store/copy.ts",
      "await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)",
      "symlinkSync(from, to)",
    ],
  ],
  "is made again what it was: %s": [
    ["src/toolchain/store/identities.ts", "was !== is", "was === undefined"],
    ["src/toolchain/store/identities.ts", " ${ctimeNs}", ""],
  ],
  "is another one for another run that goes on": [
    ["src/toolchain/store/job-copy.ts", 'ownerState(user) === "alive"', "false"],
  ],
  "%s is not gone on from, and is removed": [
    ["src/toolchain/store/kept.ts", "found?.key !== key", "found === undefined"],
    ["src/toolchain/store/kept.ts", " || ageMs > limits.ageMs", ""],
    ["src/toolchain/store/kept.ts", ' || value["format"] !== keptFormat', ""],
  ],
  "is not taken through a link to a folder elsewhere": [["src/toolchain/store/kept.ts", "found.isDirectory() && ", ""]],
  "that came from where this run trusts nothing is made again": [
    ["src/toolchain/store/store.ts", "!trusts(found.origin)", "false"],
  ],
  "is neither restored nor saved where the policy says so": [
    ["src/toolchain/store/levels.ts", " || !policy.restore", ""],
    ["src/toolchain/store/levels.ts", " || !policy.save", ""],
  ],
  "is turned off, also dune’s own of the machine, for %s %s": [
    [
      "src/project/caches/cache-plan.ts",
      '  if (!policy.restore) return { environment: { DUNE_CACHE: "disabled" }, because: policy.why };',
      "",
    ],
    ["src/toolchain/cache-policy.ts", "withoutCache.includes(eventName)", "false"],
    ["src/toolchain/cache-policy.ts", 'ref?.startsWith("refs/tags/")', "false"],
  ],
  "is neither asked nor kept for %s %s": [
    [
      "src/project/caches/restore.ts",
      '\n    kind === "dune" ? use.because === undefined && dune !== undefined : policy.restore,\n  ',
      ' (kind === "dune" ? dune !== undefined : policy.restore)',
    ],
  ],
  "nor are opam’s downloads": [["src/project/caches/restore.ts", "policy.restore", "true"]],
  "is not run before all of it was checked, where a compiler in it was changed": [
    ["src/toolchain/archive/unpack.ts", 'hash.digest("hex") !== sha256)\n       ', "false)"],
  ],
  "cache: %s in a %s of %s": [
    ["src/toolchain/cache-policy.ts", 'release", "', ""],
    ["src/toolchain/cache-policy.ts", 'pull_request_target", "', ""],
    ["src/toolchain/cache-policy.ts", ', "workflow_run"', ""],
    ["src/toolchain/cache-policy.ts", 'ref?.startsWith("refs/tags/")', "false"],
  ],
  "makes one again that came from the actions cache, where this run is to take none from there": [
    ["src/toolchain/setup.ts", 'origin !== "actions-cache" || policy.restore', "true"],
  ],
};
