/**
 * Writes data/versions.json from opam-repository and mirage:
 *
 *     npx tsx scripts/refresh-versions.ts <git dir of ocaml/opam-repository> [<git dir of mirage/mirage>]
 *
 * Without mirage's sources it keeps the bounds of the mirage versions in the file, and fails if there is a new version.
 * It also fails on data that the file's format cannot express.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import semver from "semver";
import { type Bounds, accepts, boundsOf, constraintOf, isWithdrawn } from "./opam-file.js";

interface MirageVersion {
  version: string;
  ocaml: Bounds;
  solo5: Bounds;
  "ocaml-solo5": Bounds;
  /** Absent: this mirage does not support the backend. */
  "ocaml-unikraft"?: Bounds;
  /** The tag of mirage/mirage that the bounds are from; the commit, if there was no tag yet. */
  source: string;
}

const oldestOCaml = "4.12.0"; // The oldest that a cross compiler of the repository accepts is 4.12.1.
const oldestMirage = "4.2.0"; // Older versions need ocaml-freestanding, and cannot be installed any more.
const file = new URL("../data/versions.json", import.meta.url);

const [opamRepository, mirageSources] = process.argv.slice(2);
if (opamRepository === undefined) {
  throw new Error("usage: refresh-versions.ts <git dir of ocaml/opam-repository> [<git dir of mirage/mirage>]");
}

const git = (folder: string, ...args: string[]): string =>
  execFileSync("git", ["--git-dir", folder, ...args], { encoding: "utf8", maxBuffer: 1 << 26 });

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

const commitOf = (folder: string) => {
  const [commit = "", date = ""] = git(folder, "log", "-1", "--format=%H %cs", "HEAD").trim().split(" ");
  return { commit, date };
};

/** Releases of a package, oldest first, without prereleases and withdrawn versions. */
function releases(name: string): { version: string; opam: string }[] {
  return lines(git(opamRepository as string, "ls-tree", "--name-only", "HEAD", `packages/${name}/`))
    .map((folder) => folder.slice(`packages/${name}/${name}.`.length))
    .filter((version) => /^\d+\.\d+\.\d+$/.test(version))
    .map((version) => ({
      version,
      opam: git(opamRepository as string, "show", `HEAD:packages/${name}/${name}.${version}/opam`),
    }))
    .filter(({ opam }) => !isWithdrawn(opam))
    .sort((a, b) => semver.compareLoose(a.version, b.version));
}

const versionsOf = (name: string) => releases(name).map(({ version }) => version);

/** @throws Error when two packages that the code treats alike differ. */
function same<Facts>(what: string, a: Facts, b: Facts): Facts {
  if (JSON.stringify(a) !== JSON.stringify(b)) {
    throw new Error(`${what} differ: ${JSON.stringify(a)} and ${JSON.stringify(b)}`);
  }
  return a;
}

const ocaml = versionsOf("ocaml-base-compiler").filter((version) => semver.gte(version, oldestOCaml, { loose: true }));

const acceptedOCaml = (opam: string) => {
  const constraint = constraintOf(opam, "ocaml");
  return ocaml.filter((version) => accepts(constraint, version));
};

const ocamlSolo5 = (name: string) =>
  releases(name).map(({ version, opam }) => ({
    version,
    ocaml: acceptedOCaml(opam),
    solo5: boundsOf(constraintOf(opam, "solo5")),
  }));

const ocamlUnikraft = (architecture: string) =>
  releases(`ocaml-unikraft-${architecture}`).map(({ version, opam }) => ({ version, ocaml: acceptedOCaml(opam) }));

/** The bounds are in OCaml: `Functoria.package ~min:"0.7.5" ~max:"0.13.0" … "solo5"`; max is exclusive. */
function functoriaBounds(source: string, name: string): Bounds | undefined {
  const found = new RegExp(`package ~min:"([^"]+)"\\s+~max:"([^"]+)"[^"]*"${name}"`).exec(source);
  return found === null ? undefined : { atLeast: found[1] as string, below: found[2] as string };
}

function mirage(sources: string): MirageVersion[] {
  const tags = new Set(lines(git(sources, "tag")));
  return releases("mirage")
    .filter(({ version }) => semver.gte(version, oldestMirage))
    .map(({ version, opam }): MirageVersion => {
      const tag = tags.has(`v${version}`) ? `v${version}` : "HEAD";
      const text = git(sources, "show", `${tag}:lib/${targetFile(sources, tag)}`);
      const solo5 = functoriaBounds(text, "solo5");
      const crossCompiler = functoriaBounds(text, "ocaml-solo5");
      const unikraft = functoriaBounds(text, "ocaml-unikraft");
      if (solo5 === undefined || crossCompiler === undefined) throw new Error(`mirage ${tag} bounds solo5 elsewhere`);
      return {
        version,
        ocaml: boundsOf(constraintOf(opam, "ocaml")),
        solo5,
        "ocaml-solo5": crossCompiler,
        ...(unikraft === undefined ? {} : { "ocaml-unikraft": unikraft }),
        source: tag === "HEAD" ? commitOf(sources).commit : tag,
      };
    });
}

function targetFile(sources: string, tag: string): string {
  const found = lines(git(sources, "ls-tree", "-r", "--name-only", tag, "lib/")).find((path) =>
    /(^|\/)target\.ml$/.test(path),
  );
  if (found === undefined) throw new Error(`mirage ${tag} has no target.ml: did its bounds move?`);
  return found.slice("lib/".length);
}

function keptMirage(): { mirage: MirageVersion[]; source: unknown } {
  const old = JSON.parse(readFileSync(file, "utf8")) as { mirage: MirageVersion[]; sources: Record<string, unknown> };
  const known = new Set(old.mirage.map(({ version }) => version));
  const news = versionsOf("mirage").filter((version) => semver.gte(version, oldestMirage) && !known.has(version));
  if (news.length > 0)
    throw new Error(`mirage ${news.join(", ")} is new: give the sources of mirage as second argument`);
  return { mirage: old.mirage, source: old.sources["mirage/mirage"] };
}

const ofMirage =
  mirageSources === undefined ? keptMirage() : { mirage: mirage(mirageSources), source: commitOf(mirageSources) };

const data = {
  sources: { "ocaml/opam-repository": commitOf(opamRepository), "mirage/mirage": ofMirage.source },
  ocaml,
  solo5: same("solo5 and solo5-cross-aarch64", versionsOf("solo5"), versionsOf("solo5-cross-aarch64")),
  "ocaml-solo5": same(
    "ocaml-solo5 and ocaml-solo5-cross-aarch64",
    ocamlSolo5("ocaml-solo5"),
    ocamlSolo5("ocaml-solo5-cross-aarch64"),
  ),
  "ocaml-unikraft": same("ocaml-unikraft of x86_64 and arm64", ocamlUnikraft("x86_64"), ocamlUnikraft("arm64")),
  mirage: ofMirage.mirage,
};
writeFileSync(file, `${JSON.stringify(data, null, 2)}\n`);
