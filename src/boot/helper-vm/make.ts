import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Context } from "../../platform/host.js";
import { type DebArchive, openDebArchive, debianArchitectures } from "../../platform/packages/deb-archive.js";
import { Problem } from "../../platform/problem.js";
import type { Architecture } from "../../targets/architecture.js";
import { type CpioEntry, cpioArchive } from "./cpio.js";
import { applets, dependenciesOf, initScript, loadOrder, moduleName, wantedModules } from "./guest-init.js";
import type { HelperVmFiles, HelperVmKind } from "./published.js";
import { type UnpackOptions, readKernel, readUnpacked } from "./unpack.js";

export const busyboxPackage = "busybox-static";

export interface Site {
  /** For temporary files. */
  readonly work: string;
  /** Becomes the helper VM's folder. */
  readonly draft: string;
  readonly place: HelperVmFiles;
  readonly options: UnpackOptions;
}

/**
 * Makes the files of a helper VM from the distribution's own packages.
 *
 * @param meta the package that depends on the newest kernel.
 * @throws Problem when a package is unavailable, or lacks what a helper VM needs.
 */
export async function makeHelperVm(
  context: Context,
  architecture: Architecture,
  meta: string,
  site: Site,
): Promise<void> {
  const { work, draft, place, options } = site;
  const apt = join(work, "apt");
  const root = join(work, "root");
  await mkdir(apt);
  const archive = await openDebArchive(context, architecture, apt);
  const parts = await allKernelParts(archive, meta);
  if (parts.length === 0) await archive.unpack([meta], root);
  await archive.unpack([...parts, busyboxPackage], root);

  const modules = await modulesIn(context, wantedModules[architecture], root, options, () =>
    archive.unpack(extraModules(parts), root),
  );
  const kernel = await fileIn(join(root, "boot"), /^vmlinuz-/);
  await writeFile(join(draft, basename(place.kernel)), await readKernel(context, kernel, options));
  const entries: CpioEntry[] = [
    ...["bin", "dev", "proc", "sys", "modules"].map((path): CpioEntry => ({ kind: "folder", path })),
    { kind: "file", path: "init", content: Buffer.from(initScript), executable: true },
    ...(await busyboxEntries(root, applets)),
    ...modules,
  ];
  await writeFile(join(draft, basename(place.initramfs)), cpioArchive(entries));
}

/**
 * The package that depends on the newest kernel. The flavours for virtual machines have KVM and the virtio drivers, and
 * unpack under emulation in half the time of the general ones; Debian's cannot be Xen's control domain.
 *
 * @param system ID and version of os-release(5): `debian 12`.
 * @throws Problem for an unknown distribution.
 */
export function kernelPackage(system: string, kind: HelperVmKind): string {
  const [id] = system.split(" ");
  if (id === "debian")
    return kind === "xen-x86_64" ? "linux-image-amd64" : `linux-image-cloud-${debianArchitectures[kind]}`;
  if (id === "ubuntu") return "linux-image-virtual";
  throw new Problem(`cannot make a helper VM on ${system}`, {
    because: "it is made from the distribution’s own packages",
    accepted: "Debian and Ubuntu",
    do: "boot it on one of these, or on a machine where KVM works",
  });
}

/** The kernel packages behind a meta package: the image, and the modules if they are packaged apart. */
export async function allKernelParts(archive: DebArchive, meta: string): Promise<string[]> {
  const found = kernelParts(await archive.dependencies(meta));
  for (const name of found) {
    found.push(...kernelParts(await archive.dependencies(name)).filter((other) => !found.includes(other)));
  }
  return found;
}

export function kernelParts(dependencies: readonly string[]): string[] {
  return dependencies.filter((name) => /^linux-(image|modules)-(unsigned-)?\d/.test(name));
}

/** Ubuntu's package with the rarer modules of a kernel; empty for other distributions. */
export function extraModules(parts: readonly string[]): string[] {
  return parts.filter((name) => /^linux-modules-\d/.test(name)).map((name) => name.replace("modules", "modules-extra"));
}

/**
 * The modules that a boot may need, with their dependencies, and for each purpose the list in load order.
 *
 * @param wanted names of modules by purpose.
 * @param unpackMore unpacks the packages with the rarer modules.
 */
export async function modulesIn(
  context: Context,
  wanted: Readonly<Record<string, readonly string[]>>,
  root: string,
  options: UnpackOptions,
  unpackMore: () => Promise<void>,
): Promise<CpioEntry[]> {
  const all = Object.values(wanted).flat();
  let kernel = await kernelModules(root);
  const isMissing = (name: string) => !kernel.files.has(name) && !kernel.builtIn.has(name);
  if (all.some(isMissing)) {
    await unpackMore();
    kernel = await kernelModules(root);
  }
  const missing = all.filter(isMissing);
  if (missing.length > 0) throw new Problem(`the distribution's kernel has no ${missing.join(", ")}`);

  const contents = new Map<string, Buffer>();
  const dependencies = new Map<string, readonly string[]>();
  const read = async (name: string) => {
    const file = kernel.files.get(name);
    if (file === undefined || contents.has(name)) return;
    const content = await readUnpacked(context, file, options);
    contents.set(name, content);
    dependencies.set(name, dependenciesOf(content));
    for (const other of dependencies.get(name) ?? []) await read(other);
  };
  for (const name of all) await read(name);
  return [
    ...[...contents].map(([name, content]): CpioEntry => ({ kind: "file", path: `modules/${name}.ko`, content })),
    ...Object.entries(wanted).map(([purpose, names]): CpioEntry => {
      const order = loadOrder(names, dependencies);
      return {
        kind: "file",
        path: `modules/${purpose}`,
        content: Buffer.from(order.map((name) => `${name}\n`).join("")),
      };
    }),
  ];
}

/** A kernel's modules by name: the files, and those built into the kernel. */
async function kernelModules(
  root: string,
): Promise<{ readonly files: Map<string, string>; readonly builtIn: Set<string> }> {
  const versions = findIn(root, ["lib/modules", "usr/lib/modules"]);
  const [version = ""] = await readdir(versions);
  const folder = join(versions, version);
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => /\.ko(\.\w+)?$/.test(name));
  const builtIn = (await readFile(join(folder, "modules.builtin"), "utf8")).split("\n");
  return {
    files: new Map(files.map((name) => [moduleName(name), join(folder, name)])),
    builtIn: new Set(builtIn.map(moduleName)),
  };
}

function findIn(root: string, paths: readonly string[]): string {
  const found = paths.map((path) => join(root, path)).find((path) => existsSync(path));
  if (found === undefined) throw new Problem(`the distribution's packages have no ${paths.join(" or ")}`);
  return found;
}

/** Absolute path of the file in a folder whose name matches. @throws Problem without one. */
export async function fileIn(folder: string, name: RegExp): Promise<string> {
  const found = (await readdir(folder)).find((one) => name.test(one));
  if (found === undefined)
    throw new Problem(`the distribution's packages have no ${name.source} in ${basename(folder)}`);
  return join(folder, found);
}

/** Busybox, and the tools that are links to it. */
export async function busyboxEntries(root: string, tools: readonly string[]): Promise<CpioEntry[]> {
  const busybox = await readFile(findIn(root, ["bin/busybox", "usr/bin/busybox"]));
  const known = appletsIn(busybox);
  const lacking = tools.filter((name) => !known.includes(name));
  if (lacking.length > 0) throw new Problem(`the distribution's ${busyboxPackage} has no ${lacking.join(", ")}`);
  return [
    { kind: "file", path: "bin/busybox", content: busybox, executable: true },
    ...tools.map((name): CpioEntry => ({ kind: "link", path: `bin/${name}`, target: "busybox" })),
  ];
}

/** By busybox's `applet_names` (include/applet_tables.h): a sorted list of NUL-terminated names. */
export function appletsIn(busybox: Buffer): readonly string[] {
  const lists = busybox.toString("latin1").match(/(?:[a-z\d[_.-]{1,24}\0){100,}/g) ?? [];
  return lists.flatMap((list) => list.split("\0"));
}
