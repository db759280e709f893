import { readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withoutCredentials } from "../platform/network/download.js";
import type { Backend, Target } from "../targets/targets.js";
import { layoutOf } from "../toolchain/environment.js";
import { isLockFor, type Toolchain } from "../toolchain/toolchain.js";
import { parseOpamFile, stringsOf } from "../toolchain/opam/file.js";
import { packagesOf } from "./folder.js";
import { readLock } from "./mirage/lock-file.js";
import type { BuildSystem, MirageProject, Project, UsedPackage } from "./project.js";

/** The packages of a build: all packages of the toolchain's switch, and all sources that mirage pulled. */
export async function usedPackages(
  project: Project,
  target: Target,
  toolchain: Toolchain | undefined,
): Promise<UsedPackage[]> {
  const pulled = project.buildSystem === "mirage" ? await pulledPackages(project, target) : [];
  return [...(toolchain === undefined ? [] : await switchPackages(project, toolchain)), ...pulled];
}

/** From the opam files that the switch keeps of its installed packages, also in a slim toolchain. */
async function switchPackages(project: Project, { path, spec }: Toolchain): Promise<UsedPackage[]> {
  const { prefix } = layoutOf(path);
  const folder = join(prefix, ".opam-switch/packages");
  const own = packagesOf(await names(project.directory));
  const installed = (await names(folder)).sort();
  const packages = installed.map(async (directory): Promise<UsedPackage[]> => {
    const text = await readFile(join(folder, directory, "opam"), "utf8").catch(() => undefined);
    const [, name, version] = /^([^.]+)\.(.+)$/.exec(directory) ?? [];
    if (text === undefined || name === undefined || version === undefined) return [];
    const file = parseOpamFile(text);
    const [source] = [...stringsOf(file, "url.src"), ...stringsOf(file, "url.archive")];
    const isOwn = own.includes(name);
    const use = isOwn
      ? "image"
      : useInSwitch(name, spec.backend, project.buildSystem, await hasLibrary(join(prefix, "lib", name)));
    return [
      {
        name,
        version,
        from: "opam",
        use,
        source: addressOf(source),
        hashes: stringsOf(file, "url.checksum"),
        licenses: stringsOf(file, "license"),
      },
    ];
  });
  return (await Promise.all(packages)).flat();
}

/**
 * The packages whose code is in every image of a backend: the OCaml runtime and its foundations. Cross compilers build
 * their runtime and standard library from `ocaml-src`.
 */
const runtimes: Readonly<Record<Backend, RegExp>> = {
  solo5: /^(?:solo5|ocaml-solo5)(?:-cross-aarch64)?$|^ocaml-src$/,
  unikraft: /^(?:ocaml-unikraft|unikraft)(?:-|$)|^ocaml-src$/,
  host: /^ocaml-(?:base-compiler|compiler|variants|system)$/,
};

const tools = /^(?:ocaml(?:-.*)?|dune|ocamlfind|ocamlbuild|topkg|mirage|opam-monorepo|conf-.*|base-.*)$/;

/**
 * How a build uses a package of the switch. A mirage project links only libraries in `duniverse/`; other builds may
 * link any library of the switch, and which ones is not known.
 */
export function useInSwitch(
  name: string,
  backend: Backend,
  buildSystem: BuildSystem,
  isLibrary: boolean,
): UsedPackage["use"] {
  if (runtimes[backend].test(name)) return "image";
  return buildSystem === "mirage" || tools.test(name) || !isLibrary ? "tool" : "unknown";
}

/** The packages whose sources opam-monorepo's lock names. */
async function pulledPackages(project: MirageProject, target: Target): Promise<UsedPackage[]> {
  const base = join(project.directory, dirname(project.configFile));
  const locks = (await names(join(base, "mirage"))).filter((name) => isLockFor(name, target));
  const [lock] = locks;
  if (lock === undefined || locks.length > 1) return [];
  const { sources } = readLock(await readFile(join(base, "mirage", lock), "utf8"));
  const built = join(base, "_build", target.duneContext, "duniverse");
  const wasBuilt = (await names(built)).length > 0;
  const packages = sources.map(async ({ directory, name, version, source, hashes }): Promise<UsedPackage> => {
    const folder = join(base, "duniverse", directory);
    const text =
      (await read(join(folder, `${name}.opam`))) ??
      (await read(join(folder, "opam"))) ??
      (await read(join(folder, "opam", `${name}.opam`)));
    const licenses = text === undefined ? [] : stringsOf(parseOpamFile(text), "license");
    // In the target's context, dune builds only what the image needs; it builds tools in the host's context.
    const use = !wasBuilt ? "unknown" : (await hasLibrary(join(built, directory))) ? "image" : "tool";
    return { name, version, from: "duniverse", use, source: addressOf(source), hashes, licenses };
  });
  return Promise.all(packages);
}

function addressOf(source: string | undefined): string | null {
  return source === undefined ? null : withoutCredentials(source);
}

async function hasLibrary(folder: string): Promise<boolean> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  return files.some((name) => name.endsWith(".a") || name.endsWith(".cmxa"));
}

const names = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
const read = (path: string): Promise<string | undefined> => readFile(path, "utf8").catch(() => undefined);
