import { closeSync, constants, openSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isNotAllowed } from "./problem.js";
import type { Context } from "./host.js";
import { findProgram } from "./process/programs.js";
import { rootPrefix } from "./process/sudo.js";

const device = "/dev/kvm";

/**
 * Whether KVM can be opened for reading and writing right now. That it opens does not mean that it runs guests: only a
 * boot tells (docs/facts.md section 6).
 */
export function kvmAccess(path: string = device): "open" | "absent" | "denied" {
  try {
    closeSync(openSync(path, constants.O_RDWR));
    return "open";
  } catch (error) {
    // A device file without a driver behind it (in a container) is as good as none: ENXIO, ENODEV.
    return isNotAllowed(error) ? "denied" : "absent";
  }
}

/** Its permissions as chmod takes them: `0660`. */
function kvmMode(): string {
  return (statSync(device).mode & 0o7777).toString(8).padStart(4, "0");
}

/**
 * Looks at KVM, and on a runner of GitHub's, which is thrown away after the job, gives this user leave to open it when only
 * that is missing. What did not help is undone. On a machine that is kept nothing is changed: a job that is killed could
 * not undo it, and who may open a device is its owner's to say.
 */
export async function openKvm(
  context: Context,
  look: typeof kvmAccess = kvmAccess,
  modeNow: typeof kvmMode = kvmMode,
): Promise<ReturnType<typeof kvmAccess>> {
  const access = look();
  if (access !== "denied" || /* promise: own-machines-are-not-changed */ !context.host.isGitHubActions) return access;
  // https://docs.github.com/en/actions/reference/workflows-and-actions/variables
  // promise: kept-machines-are-not-changed
  if (context.host.environment["RUNNER_ENVIRONMENT"] !== "github-hosted") {
    context.log.line(
      `  ${device} may not be opened by this user, which is not changed on a machine that is kept: add the user to the group of that device`,
    );
    return access;
  }
  const prefix = await rootPrefix(context);
  if (prefix === undefined) return access;
  const asRoot = async (commands: readonly Command[]) => {
    for (const command of commands) {
      const [program = "", ...args] = [...prefix, ...command];
      const { exitCode } = await context.processes.run([program, ...args]);
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
  // A rule holds also when the next package to be installed triggers udev; a mode does not (docs/facts.md section 6).
  const repairs = findProgram("udevadm", context.host.environment["PATH"]) === undefined ? [mode] : [udevRule, mode];
  try {
    for (const { name, make, undo } of repairs) {
      const made = await asRoot(make);
      if (made && look() === "open") {
        // promise: kvm-repair-is-told
        context.log.fact("machine", `gave this user leave to open /dev/kvm (${name})`);
        return "open";
      }
      // promise: kvm-repair-is-undone
      await asRoot(undo);
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
 * Whether the processor is AMD's and a virtual machine's own: under nested KVM there, QEMU's `-cpu host` has crashed
 * guests (docs/facts.md section 6).
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
