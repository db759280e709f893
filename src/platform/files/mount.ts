import { existsSync, readFileSync } from "node:fs";
import { sep } from "node:path";
import type { Context } from "../host.js";
import { hasCapability, rootPrefix } from "../process/sudo.js";
import { succeed } from "../process/process.js";

/** Mounts file systems, as root. */
export interface Mounts {
  /** Mounts a squashfs image, read-only. */
  image(file: string, at: string): Promise<void>;
  /** Mounts `lower`; writes go to `upper`. The overlay keeps `lower` alive, so it can be unmounted afterwards. */
  overlay(layers: { readonly lower: string; readonly upper: string; readonly work: string }, at: string): Promise<void>;
  /** @param whenBusy for a mount in use: fail, or detach it now and unmount it when its last user ends. */
  unmount(at: string, whenBusy: "fail" | "detach"): Promise<void>;
  /** Removes a folder of ours with root's files from an overlay, but no file of another file system in it. */
  remove(folder: string): Promise<void>;
}

/**
 * Access to mounts; undefined without root (or sudo without a password), and in a container that must not mount. A
 * mount can still fail: the kernel might not support the file system.
 */
export async function openMounts(context: Context): Promise<Mounts | undefined> {
  const read = (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : "");
  if (!mayMount(read("/proc/self/status"), read("/proc/self/uid_map")) || !existsSync("/dev/loop-control"))
    return undefined;
  const root = await rootPrefix(context);
  if (root === undefined) return undefined;
  const run = async (doing: string, program: string, ...args: string[]) => {
    const [first = program, ...rest] = [...root, program, ...args];
    succeed(await context.processes.run([first, ...rest]), doing);
  };
  return {
    image: (file, at) => run("mounting an image", "mount", "-t", "squashfs", "-o", "loop,ro,nosuid,nodev", file, at),
    overlay({ lower, upper, work }, at) {
      // redirect_dir: allows renaming a folder of the image. index: prevents two mounts from sharing an upper folder.
      const options = /* promise: mount-options */ [
        "nosuid,nodev,redirect_dir=on,index=on",
        `lowerdir=${lower},upperdir=${upper},workdir=${work}`,
      ].join(",");
      return run(
        "mounting a writable folder over an image",
        "mount",
        "-t",
        "overlay",
        "-o",
        options,
        "unikernel-ci",
        at,
      );
    },
    unmount: (at, whenBusy) => run("unmounting", "umount", ...(whenBusy === "detach" ? ["--lazy"] : []), at),
    remove: (folder) => run("removing an image", "rm", "--recursive", "--force", "--one-file-system", folder),
  };
}

/**
 * Whether root can mount block devices here: the bounding set has CAP_SYS_ADMIN, and root is the machine's, not that of
 * a user namespace.
 *
 * @param status of proc_pid_status(5).
 * @param uidMap of user_namespaces(7).
 */
export function mayMount(status: string, uidMap: string): boolean {
  const isMachines = /^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
  return isMachines && hasCapability(status, "CapBnd", "sysAdmin");
}

/** The mount points at or below a folder, last mount first. */
export function mountPoints(folder: string): readonly string[] {
  return mountPointsIn(readFileSync("/proc/self/mountinfo", "utf8"), folder);
}

/** @param mountinfo of proc_pid_mountinfo(5). */
export function mountPointsIn(mountinfo: string, folder: string): readonly string[] {
  const points = mountinfo.split("\n").map((line) => unescaped(line.split(" ")[4] ?? ""));
  return points.filter((point) => `${point}${sep}`.startsWith(`${folder}${sep}`)).reverse();
}

const unescaped = (path: string) =>
  path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
