import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Bytes } from "../../image/bytes.js";
import { interpreterOf, librariesOf, readElf } from "../../image/elf.js";
import type { Context } from "../../platform/host.js";
import { type DebArchive, openDebArchive } from "../../platform/packages/deb-archive.js";
import { Problem } from "../../platform/problem.js";
import { makeFolder } from "../../platform/files/make-folder.js";
import type { CpioEntry } from "./cpio.js";
import { cpioArchive } from "./cpio.js";
import { type Site, allKernelParts, busyboxEntries, busyboxPackage, extraModules, fileIn, modulesIn } from "./make.js";
import {
  attachScript,
  insideXen,
  xenApplets,
  xenInitScript,
  xenModules,
  xenPrograms,
  xenstoreNames,
} from "./xen-init.js";
import { readUnpacked } from "./unpack.js";

/** Depends on the distribution's Xen, in Debian and Ubuntu alike. */
const xenPackage = "xen-system-amd64";
const xenstorePackage = "xenstore-utils";

/**
 * Makes the files of the Xen helper VM from the distribution's own packages: the hypervisor, a kernel that can be its
 * control domain, Xen's daemons and `xl` with their libraries.
 *
 * @param meta the package that depends on the newest kernel.
 * @throws Problem when a package is unavailable, or lacks what the helper VM needs.
 */
export async function makeXenVm(context: Context, meta: string, { work, draft, place, options }: Site): Promise<void> {
  const apt = join(work, "apt");
  const root = join(work, "root");
  await makeFolder(apt);
  const archive = await openDebArchive(context, "x86_64", apt);
  const parts = await allKernelParts(archive, meta);
  const xen = xenParts(await archive.dependencies(xenPackage));
  if (xen.length < 2) {
    throw new Problem(`the distribution has no Xen: ${xenPackage} was not found`, {
      because: "the helper VM for xen images is made from the distribution’s own packages",
      do: "check that apt on this machine (/etc/apt) has all of the distribution’s components (Ubuntu: `universe`)",
    });
  }
  const tools = [...xen.filter((name) => name.startsWith("xen-utils-")), xenstorePackage];
  const libraries = await libraryPackages(archive, tools);
  await archive.unpack([...parts, ...xen, xenstorePackage, ...libraries, busyboxPackage], root);
  const modules = await modulesIn(context, xenModules, root, options, () => archive.unpack(extraModules(parts), root));
  const kernel = await fileIn(join(root, "boot"), /^vmlinuz-/);
  const hypervisor = await fileIn(join(root, "boot"), /^xen-[\d.]+-amd64\.gz$/);
  await writeFile(join(draft, basename(place.kernel)), await readFile(kernel));
  await writeFile(join(draft, "hypervisor"), await readUnpacked(context, hypervisor, options));
  const folders = [
    ...["bin", "dev", "proc", "sys", "modules", "lib", "lib64", "run", "run/xen", "run/xenstored", "tmp"],
    ...["etc", "etc/xen", "var", "var/lib", "var/lib/xen", "var/lock", "var/log", "var/log/xen", "var/log/xen/console"],
  ];
  const entries: CpioEntry[] = [
    ...folders.map((path): CpioEntry => ({ kind: "folder", path })),
    { kind: "file", path: "init", content: Buffer.from(xenInitScript), executable: true },
    { kind: "file", path: insideXen.attach.slice(1), content: Buffer.from(attachScript), executable: true },
    // The control domain has a fixed size: taking memory from it for each domain would only cost time.
    { kind: "file", path: "etc/xen/xl.conf", content: Buffer.from('autoballoon="off"\n') },
    ...(await busyboxEntries(root, xenApplets)),
    ...(await programEntries(root)),
    ...xenstoreNames.map((name): CpioEntry => ({ kind: "link", path: `bin/${name}`, target: "xenstore" })),
    ...modules,
  ];
  await writeFile(join(draft, basename(place.initramfs)), cpioArchive(entries));
}

/** The hypervisor and the tools for it among the dependencies of Debian's package for a Xen system. */
export function xenParts(dependencies: readonly string[]): string[] {
  return dependencies.filter((name) => /^xen-(?:hypervisor|utils)-\d/.test(name));
}

/** The packages of libraries that packages depend on, directly or by other libraries. */
async function libraryPackages(archive: DebArchive, names: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  const visit = async (name: string) => {
    for (const other of await archive.dependencies(name)) {
      if (!/^(?:lib|zlib)/.test(other) || found.has(other)) continue;
      found.add(other);
      await visit(other);
    }
  };
  for (const name of names) await visit(name);
  return [...found];
}

const libraryFolders = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib64", "usr/lib64"];

/** Loaded by name when a thread ends, so that no program says that it needs it: pthread_cancel(3) of glibc. */
const loadedByName = ["libgcc_s.so.1"];

/** Xen's programs, the dynamic linker, and the libraries that they need. */
async function programEntries(root: string): Promise<CpioEntry[]> {
  const utils = await fileIn(join(root, "usr/lib"), /^xen-[\d.]+$/);
  const files = new Map<string, Buffer>();
  const needed = [...loadedByName];
  const add = async (place: string, path: string): Promise<void> => {
    const content = await readFile(path);
    files.set(place, content);
    const elf = readElf(new Bytes(content));
    needed.push(...librariesOf(elf));
    const interpreter = interpreterOf(elf);
    if (interpreter !== undefined) needed.push(basename(interpreter));
  };
  for (const program of xenPrograms) {
    const path = [join(utils, "bin", program), join(root, "usr/bin", program)].find((one) => existsSync(one));
    if (path === undefined) throw new Problem(`the distribution's packages for Xen have no ${program}`);
    await add(`bin/${program}`, path);
  }
  for (;;) {
    const library = needed.pop();
    if (library === undefined) break;
    const place = `${library.startsWith("ld-linux") ? "lib64" : "lib"}/${library}`;
    if (files.has(place)) continue;
    const path = libraryFolders.map((folder) => join(root, folder, library)).find((one) => existsSync(one));
    if (path === undefined) throw new Problem(`the distribution's packages for Xen have no ${library}`);
    await add(place, path);
  }
  return [...files].map(([path, content]): CpioEntry => ({ kind: "file", path, content, executable: true }));
}
