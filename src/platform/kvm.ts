import { closeSync, constants, openSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Context, isThrownAway } from "./host.js";
import { isNotAllowed } from "./problem.js";
import { becomeRoot, systemProgram } from "./process/sudo.js";
const device = "/dev/kvm";

/**
 * Whether KVM can be opened for reading and writing now. A KVM that opens may still fail every guest: only a boot shows
 * whether it works (docs/facts.md section 6).
 */
export function kvmAccess(path: string = device): "open" | "absent" | "denied" {
  try {
    closeSync(openSync(path, constants.O_RDWR));
    return "open";
  } catch (error) {
    // ENXIO and ENODEV: a device file without a driver, as in a container, counts as no KVM.
    return isNotAllowed(error) ? "denied" : "absent";
  }
}

/** The mode of the device in chmod's form: `0660`. */
function kvmMode(): string {
  return (statSync(device).mode & 0o7777).toString(8).padStart(4, "0");
}

/**
 * Opens KVM. If only the permission is missing on a GitHub-hosted runner, which is thrown away after the job, grants it
 * to this user; a change that does not help is undone. Permissions are never changed on any other machine: a killed job
 * could not undo it, and the machine's owner decides who may open a device.
 *
 * @param look checks the access; tests replace it.
 * @param modeNow reads the mode of the device; tests replace it.
 */
export async function openKvm(
  context: Context,
  look: typeof kvmAccess = kvmAccess,
  modeNow: typeof kvmMode = kvmMode,
): Promise<ReturnType<typeof kvmAccess>> {
  const access = look();
  if (access !== "denied" || /* promise: own-machines-are-not-changed */ !context.host.isGitHubActions) return access;
  // promise: kept-machines-are-not-changed
  if (!isThrownAway(context.host)) {
    context.log.line(
      `  no access to ${device}; permissions are never changed on a self-hosted runner: ` +
        "add this user to the device's group",
    );
    return access;
  }
  const asRoot = await becomeRoot(context);
  if (asRoot === undefined) return access;
  const run = async (commands: readonly Command[]) => {
    for (const [program, ...args] of commands) {
      const { exitCode } = await context.processes.run(asRoot(program, ...args));
      if (exitCode !== 0) return false;
    }
    return true;
  };
  const draft = await mkdtemp(join(context.host.folders.temporary, "unikernel-ci-udev-"));
  await writeFile(join(draft, "rule"), rule);
  const udevRule: Repair = {
    name: "a udev rule",
    make: [["install", "-m", "0644", join(draft, "rule"), ruleFile], ...reload],
    undo: [/* promise: kvm-rule-is-removed */ ["rm", "-f", ruleFile], ...reload],
  };
  const mode: Repair = {
    name: "chmod",
    make: [["chmod", "a+rw", device]],
    undo: [["chmod", modeNow(), device]],
  };
  // A rule survives the udev trigger of the next installed package; a mode does not (docs/facts.md section 6).
  const repairs = systemProgram(context.host, "udevadm") === undefined ? [mode] : [udevRule, mode];
  try {
    for (const { name, make, undo } of repairs) {
      const made = await run(make);
      if (made && look() === "open") {
        // promise: kvm-repair-is-told
        context.log.fact("machine", `granted this user access to /dev/kvm (${name})`);
        return "open";
      }
      // promise: kvm-repair-is-undone
      await run(undo);
    }
    return look();
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

type Command = readonly [string, ...string[]];

interface Repair {
  readonly name: string;
  readonly make: readonly Command[];
  readonly undo: readonly Command[];
}

const ruleFile = "/etc/udev/rules.d/99-unikernel-ci-kvm.rules";
const rule = 'KERNEL=="kvm", MODE="0666", OPTIONS+="static_node=kvm"\n';
const reload: readonly Command[] = [
  ["udevadm", "control", "--reload-rules"],
  ["udevadm", "trigger", "--name-match=kvm"],
  ["udevadm", "settle", "--timeout=10"],
];

/**
 * Whether this is a virtual machine on an AMD processor: nested KVM with QEMU's `-cpu host` has crashed guests there
 * (docs/facts.md section 6).
 *
 * @param cpuinfo text in the form of /proc/cpuinfo.
 */
export function isNestedAmd(cpuinfo: string): boolean {
  return /^vendor_id\s*:\s*AuthenticAMD$/m.test(cpuinfo) && /^flags\s*:.*\bhypervisor\b/m.test(cpuinfo);
}

/** The text of /proc/cpuinfo; empty where there is none. */
export async function readCpuInfo(): Promise<string> {
  return readFile("/proc/cpuinfo", "utf8").catch(() => "");
}
