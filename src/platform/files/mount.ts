import { existsSync, readFileSync } from "node:fs";
import { sep } from "node:path";
import type { Context } from "../host.js";
import { hasCapability } from "../process/capabilities.js";
import { succeed } from "../process/process.js";
import { rootPrefix } from "../process/sudo.js";

/** Shows file systems in folders, as root. */
export interface Mounts {
  /** Shows a squashfs image in a folder, to be read only. */
  image(file: string, at: string): Promise<void>;
  /** Shows `lower` in a folder; what is written there goes to `upper`. It keeps what `lower` shows, which may be unmounted then. */
  overlay(layers: { readonly lower: string; readonly upper: string; readonly work: string }, at: string): Promise<void>;
  /**
   * @param whenBusy what becomes of one that somebody uses: it is an error, or it is gone by name, and at all when they have ended.
   */
  unmount(at: string, whenBusy: "fail" | "detach"): Promise<void>;
  /** Removes a folder of ours in which an overlay has left files of root, and nothing of another file system in it. */
  remove(folder: string): Promise<void>;
}

/**
 * What mounts on this machine; undefined where nothing may: there is no root or sudo without a password, or it is a
 * container's, that may not mount. That it may says little: the kernel may know no such file system, and a mount fails.
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
      // redirect_dir: else a folder of the image could not be renamed. index: two mounts never write to the same folder.
      const options = /* promise: mount-options */ `nosuid,nodev,redirect_dir=on,index=on,lowerdir=${lower},upperdir=${upper},workdir=${work}`;
      return run(
        "mounting a folder to write to over an image",
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
 * Whether root may mount block devices here: CAP_SYS_ADMIN was not taken from all processes, and root is the machine's
 * own, not that of a user namespace.
 *
 * @param status of proc_pid_status(5).
 * @param uidMap of user_namespaces(7).
 */
export function mayMount(status: string, uidMap: string): boolean {
  const isMachines = /^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
  return isMachines && hasCapability(status, "CapBnd", "sysAdmin");
}

/** Where something is mounted in a folder or on it, the last mount first. */
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
