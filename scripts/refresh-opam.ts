/**
 * Writes data/opam.json for the release that opam's install script installs, with the checksums in that script:
 *
 *     npx tsx scripts/refresh-opam.ts <git dir of ocaml/opam>
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { architectures } from "../src/targets/architecture.js";

const [opamSources] = process.argv.slice(2);
if (opamSources === undefined) throw new Error("usage: refresh-opam.ts <git dir of ocaml/opam>");

const git = (...args: string[]): string =>
  execFileSync("git", ["--git-dir", opamSources, ...args], { encoding: "utf8", maxBuffer: 1 << 26 });

const commit = git("rev-parse", "HEAD").trim();
const script = git("show", "HEAD:shell/install.sh");
const version = /^VERSION='(\d+\.\d+\.\d+)'$/m.exec(script)?.[1];
if (version === undefined) throw new Error("shell/install.sh has no version: did its format change?");

/** Names of the architectures in opam's releases. */
const names = { x86_64: "x86_64", aarch64: "arm64" } as const;

const binaries = architectures.map((architecture) => {
  const name = `opam-${version}-${names[architecture]}-linux`;
  const sha512 = new RegExp(`^\\s*${name.replaceAll(".", "\\.")}\\)\\s*echo "([0-9a-f]{128})";;$`, "m").exec(
    script,
  )?.[1];
  if (sha512 === undefined) throw new Error(`shell/install.sh has no checksum of ${name}`);
  return [architecture, { url: `https://github.com/ocaml/opam/releases/download/${version}/${name}`, sha512 }] as const;
});

const data = { source: `shell/install.sh of ocaml/opam at ${commit}`, version, binaries: Object.fromEntries(binaries) };
writeFileSync(new URL("../data/opam.json", import.meta.url), `${JSON.stringify(data, null, 2)}\n`);
