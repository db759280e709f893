import { basename } from "node:path";
import type { Architecture } from "../../target/architecture.js";
import type { AttemptPlan, MonitorRequest } from "../attempt-plan.js";
import { commandLine } from "./command-line.js";
import { deviceOptions } from "./qemu-devices.js";
import { bareMachine, guestsMachine, qemuPrograms } from "./qemu-program.js";

interface Machine {
  readonly machine: string;
  /** The CPU model under emulation: the richest that guests of every backend start on. */
  readonly emulatedCpu: string;
  readonly devices: readonly string[];
  /** QEMU puts the kernel's name in front of the arguments itself. */
  readonly namesKernel: boolean;
  /** Free slots of its PCI bus, of 32: slot 0 is the host bridge, and slot 31 of q35 its ISA bridge. */
  readonly mostDevices: number;
}

const machines: Readonly<Record<Architecture, Machine>> = {
  x86_64: {
    machine: "q35",
    emulatedCpu: "max",
    // Without it a virtio guest cannot end QEMU, or ends it with 0 whatever happened (docs/facts.md section 5).
    devices: ["isa-debug-exit"],
    namesKernel: true,
    mostDevices: 30,
  },
  aarch64: {
    machine: "virt",
    emulatedCpu: "cortex-a72",
    devices: [],
    namesKernel: false,
    mostDevices: 31,
  },
};

interface Acceleration {
  readonly accelerator: "kvm" | "tcg";
  /** The host's processor is AMD's and a virtual machine's own. */
  readonly isNestedAmd?: boolean;
}

/** Where `-cpu host` has crashed guests (docs/facts.md section 6): the first generation's features, which each later one has. */
const nestedAmdCpu = "EPYC";

/** Runs an image as QEMU's `-kernel`, its console on standard output, paused until QMP says `cont`. */
export function planQemu(
  architecture: Architecture,
  { accelerator, isNestedAmd = false }: Acceleration,
  { imagePath, memoryMiB, args, ownsArgv0, devices: attached }: MonitorRequest,
): AttemptPlan {
  const { program, debianPackage } = qemuPrograms[architecture];
  const { machine, emulatedCpu, devices, namesKernel, mostDevices } = machines[architecture];
  const words = ownsArgv0 && !namesKernel ? [basename(imagePath), ...args] : args;
  return {
    monitor: "qemu",
    accelerator,
    argv: [
      program,
      ...bareMachine,
      "-machine",
      `${machine},accel=${accelerator}`,
      "-cpu",
      accelerator === "tcg" ? emulatedCpu : isNestedAmd ? nestedAmdCpu : "host",
      "-m",
      `${memoryMiB}M`,
      ...devices.flatMap((device) => ["-device", device]),
      ...deviceOptions(attached),
      ...guestsMachine,
      "-kernel",
      imagePath,
      ...(words.length === 0 ? [] : ["-append", commandLine(words)]),
    ],
    debianPackage,
    mostDevices,
  };
}
