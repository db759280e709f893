import { type ProtectionTable, without } from "../protection.js";

// What other runs have left.

export const caches: ProtectionTable = {
  "of another key in the cache, or in the same place, is not taken": [
    "unpacked-key-is-compared",
    { mark: "found-key-is-compared", instead: "found === undefined" },
  ],
  "are not combined with another build on this machine": ["other-builds-here-are-not-taken"],
  "with a base is unpacked on that base, and on no other": ["bases-are-compared"],
  "is not built on one whose files have changed: that is made again": ["layers-below-are-compared"],
  "counts as restored when what it is built on was, and a job gets a copy of it": [
    "layers-below-count",
    "layers-built-here-are-not-handed-out",
  ],
  "does not continue from a build on one from the actions cache where this run does not trust that": [
    "kept-origin-is-trusted",
  ],
  "are combined with nothing from the actions cache where this run does not trust it": ["layers-below-are-trusted"],
  "leaves the cached toolchains as they were: %s": [{ mark: "jobs-have-a-copy", instead: "obtained" }],
  "has it itself, and the next set-up makes it what it was: %s": ["handed-out-is-taken-back"],
  "is what it was for the next set-up of the job: %s": [
    "handed-out-is-compared",
    { mark: "damaged-record-is-a-change", instead: "undefined" },
    "handed-out-record-is-kept",
    "gone-files-are-missed",
  ],
  "has the cached toolchain itself only where nothing of it outlives the job: %s": [
    "handed-out-on-machines-thrown-away",
    "built-toolchains-are-not-handed-out",
    "self-hosted-machines-are-kept",
    "only-jobs-have-thrown-away-machines",
  ],
  "shares no file with the cached one: what is written in place, by root too, does not reach it": [
    { mark: "copies-are-files", instead: "symlinkSync(from, to);" },
  ],
  "is made again in place of a link to a folder elsewhere, of which nothing changes": [
    { mark: "copies-are-no-links", instead: (whole) => whole.replace(" || !isRealFolder(to)", "") },
  ],
  "has records that are written through no link": [
    { mark: "files-are-replaced", instead: "copyFileSync(draft, place);" },
  ],
  "is made again what it was: %s": [
    { mark: "changed-files-are-copied", instead: "was === undefined" },
    { mark: "change-times-count", instead: without(" ${ctimeNs}") },
  ],
  "is another one for another run that goes on": [{ mark: "living-runs-keep-their-copy", instead: "false" }],
  "%s is not gone on from, and is removed": [
    { mark: "kept-key-is-compared", instead: "found === undefined" },
    "kept-builds-have-an-age",
    "kept-builds-have-a-format",
  ],
  "is not taken through a link to a folder elsewhere": ["kept-builds-are-no-links"],
  "that came from where this run trusts nothing is made again": ["found-origin-is-trusted"],
  "is neither restored nor saved where the policy says so": ["restore-keeps-to-the-policy", "save-keeps-to-the-policy"],
  "is disabled, even dune’s default on the machine, for %s %s": [
    "dune-cache-keeps-to-the-policy",
    "no-cache-in-such-events",
    "no-cache-for-tags",
  ],
  "is neither restored nor saved for %s %s": ["restored-dune-cache-keeps-to-the-policy"],
  "nor are opam’s downloads": [{ mark: "opam-cache-keeps-to-the-policy", instead: "true" }],
  "is not run before all of it was checked, where a compiler in it was changed": ["unpacked-bytes-are-compared"],
  "cache: %s in a %s of %s": [
    "no-cache-in-release",
    "no-cache-in-pull-request-target",
    "no-cache-in-workflow-run",
    "no-cache-for-tags",
  ],
  "replaces one that came from the actions cache when this run must not restore from there": [
    { mark: "cached-toolchains-keep-to-the-policy", instead: "true" },
  ],
};
