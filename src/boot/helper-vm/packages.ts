import { debianArchitectures } from "../../platform/packages/deb-archive.js";
import { Problem } from "../../platform/problem.js";
import type { Architecture } from "../../target/architecture.js";

/** The distribution's package of the shell and its tools, in one static program. */
export const busyboxPackage = "busybox-static";

/**
 * The package that depends on the newest kernel. The flavours for virtual machines have KVM and all that we need of
 * virtio, and unpack themselves under emulation in half the time of the general ones.
 *
 * @param system ID and version as of os-release(5): `debian 12`.
 * @throws Problem for a distribution whose packages we do not know.
 */
export function kernelPackage(system: string, architecture: Architecture): string {
  const [id] = system.split(" ");
  if (id === "debian") return `linux-image-cloud-${debianArchitectures[architecture]}`;
  if (id === "ubuntu") return "linux-image-virtual";
  throw new Problem(`the helper VM that runs Solo5's tender cannot be made on ${system}`, {
    because: "it is made of the distribution’s own packages",
    accepted: "Debian and Ubuntu",
    do: "boot it on one of these, or on a machine whose KVM works",
  });
}

/** Packages of a kernel at an exact version, among the dependencies of another: the meta package's, or the image's. */
export function kernelParts(dependencies: readonly string[]): string[] {
  return dependencies.filter((name) => /^linux-(image|modules)-(unsigned-)?\d/.test(name));
}

/** Ubuntu's package with the rarer modules of a kernel; none for a distribution that does not divide them. */
export function extraModules(parts: readonly string[]): string[] {
  return parts.filter((name) => /^linux-modules-\d/.test(name)).map((name) => name.replace("modules", "modules-extra"));
}

/**
 * The tools in a busybox of any architecture: it carries their names as a sorted list, each ended by a NUL
 * (`applet_names` of its include/applet_tables.h).
 */
export function appletsIn(busybox: Buffer): readonly string[] {
  const lists = busybox.toString("latin1").match(/(?:[a-z\d[_.-]{1,24}\0){100,}/g) ?? [];
  return lists.flatMap((list) => list.split("\0"));
}
