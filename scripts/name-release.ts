// Writes a release into README.md and docs/: the account everywhere, the commit and the version in steps. They replace
// the placeholders OWNER and <commit>, or an earlier release. Where a newer release is named, nothing changes.
//
//     node scripts/name-release.ts OWNER/NAME COMMIT vX.Y.Z [FOLDER]
//
// Node 24 runs it as it is: the job that may push a branch installs no packages.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [repository = "", commit = "", version = "", folder = join(import.meta.dirname, "..")] = process.argv.slice(2);
if (!/^[\w.-]+\/[\w.-]+$/.test(repository) || !/^[0-9a-f]{40}$/.test(commit) || !/^v\d+\.\d+\.\d+$/.test(version))
  throw new Error("usage: name-release.ts OWNER/NAME COMMIT vX.Y.Z [FOLDER]");

const docs = readdirSync(join(folder, "docs")).filter((name) => name.endsWith(".md"));
const pages = ["README.md", ...docs.map((name) => `docs/${name}`)].map((name) => {
  const path = join(folder, name);
  return { path, text: readFileSync(path, "utf8") };
});

const action = `\\b(?:OWNER/unikernel-ci|${repository.replaceAll(".", "\\.")})`;
const pin = "(?:<commit>|[0-9a-f]{40})(?: # (v[\\d.]+))?";
const used = new RegExp(`^([\\s-]*uses: )${action}((?:/[\\w./-]+)?)@${pin}$`, "gm");
const checkedOut = new RegExp(`(repository: )${action}(\\n +ref: )${pin}`, "g");

const numbers = (text: string) => text.slice(1).split(".").map(Number);
const isNewer = (one: string, other: string): boolean => {
  const [left, right] = [numbers(one), numbers(other)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at >= 0 && (left[at] ?? 0) > (right[at] ?? 0);
};
const named = pages.flatMap(({ text }) => [...text.matchAll(used)].flatMap(([, , , found]) => found ?? []));
const newer = named.find((found) => isNewer(found, version));

if (newer !== undefined) console.log(`the documentation names ${newer}, which is newer than ${version}`);
else
  for (const { path, text } of pages) {
    const written = text
      .replace(used, (_, key: string, part: string) => `${key}${repository}${part}@${commit} # ${version}`)
      .replace(checkedOut, (_, key: string, ref: string) => `${key}${repository}${ref}${commit} # ${version}`)
      .replaceAll("OWNER/unikernel-ci", () => repository);
    writeFileSync(path, written);
  }
