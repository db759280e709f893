import { basename } from "node:path";
import type { Architecture } from "../../targets/architecture.js";
import type { Accelerator } from "../report.js";
import { deviceOptions } from "./qemu-devices.js";
import { noKvm } from "./refusal.js";
import { commandLine } from "./solo5.js";
import { type Asked, type BootSite, type Command, type MachineFacts, type Vmm, ownsArgv0 } from "./vmm.js";

interface Machine {
  readonly machine: string;
  /** Under emulation: the most capable model that guests of every backend start on. */
  readonly emulatedCpu: string;
  readonly devices: readonly string[];
  /** QEMU itself puts the kernel's name in front of the arguments. */
  readonly namesKernel: boolean;
  /** Free slots of its PCI bus, of 32: slot 0 is the host bridge, and slot 31 of q35 its ISA bridge. */
  readonly mostDevices: number;
}

const machines: Readonly<Record<Architecture, Machine>> = {
  x86_64: {
    machine: "q35",
    emulatedCpu: "max",
    // Without it a virtio guest cannot end QEMU, or QEMU always exits with 0 (docs/facts.md section 5).
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

/** `-cpu host` crashes guests there (docs/facts.md section 6); later generations have all features of this one. */
const nestedAmdCpu = "EPYC";

export const qemu: Vmm = {
  program: "qemu",
  words: "QEMU: with KVM on a machine of its architecture, else by emulation",
  splitsPath: true,
  accelerators: (architecture, machine) => (architecture === machine ? ["kvm", "tcg"] : ["tcg"]),
  whyNot: (asked, _, machine, isEmulated) => noKvm(asked, machine, isEmulated),
  command: qemuCommand,
  debugged: (asked, site, machine) => ({
    kind: "remote",
    argv: qemuCommand(asked, site, "tcg", machine, debuggedMachine(site.places.secondConsole)).argv,
  }),
};

function qemuCommand(
  asked: Asked,
  { imagePath, args, devices: attached }: BootSite,
  accelerator: Accelerator,
  { isNestedAmd }: MachineFacts,
  channels: readonly string[] = guestsMachine,
): Command {
  const { architecture, memory } = asked;
  const { program, debianPackage } = qemuPrograms[architecture];
  const { machine, emulatedCpu, devices, namesKernel, mostDevices } = machines[architecture];
  const words = ownsArgv0(asked) && !namesKernel ? [basename(imagePath), ...args] : args;
  return {
    argv: [
      program,
      ...bareMachine,
      "-machine",
      `${machine},accel=${accelerator}`,
      "-cpu",
      accelerator === "tcg" ? emulatedCpu : isNestedAmd ? nestedAmdCpu : "host",
      "-m",
      `${memory}M`,
      ...devices.flatMap((device) => ["-device", device]),
      ...deviceOptions(attached),
      ...channels,
      "-kernel",
      imagePath,
      ...(words.length === 0 ? [] : ["-append", /* promise: qemu-arguments-are-one-word */ commandLine(words)]),
    ],
    debianPackage,
    mostDevices,
    channels: 1,
  };
}

export const qemuPrograms: Readonly<
  Record<Architecture, { readonly program: string; readonly debianPackage: string }>
> = {
  x86_64: { program: "qemu-system-x86_64", debianPackage: "qemu-system-x86" },
  aarch64: { program: "qemu-system-aarch64", debianPackage: "qemu-system-arm" },
};

/** A machine with nothing but the requested devices, which exits instead of restarting. */
export const bareMachine = ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"] as const;

/** QEMU's control channel: a socket pair on one of its file descriptors, out of reach of other processes. */
export const controlChannel = (descriptor: number) =>
  [
    "-chardev",
    /* promise: qemu-channel-has-no-name */ `socket,id=qmp,fd=${descriptor}`,
    "-mon",
    "chardev=qmp,mode=control",
  ] as const;

/** The guest's console on standard output, the control channel on file descriptor 3; paused until QMP's `cont`. */
export const guestsMachine = [
  "-chardev",
  "stdio,id=console,signal=off",
  "-serial",
  "chardev:console",
  ...controlChannel(3),
  "-S",
] as const;

/** The guest's console in a file, gdb's protocol on the standard streams; paused until gdb's `continue`. */
const debuggedMachine = (console: string) => [
  "-chardev",
  // A comma separates options; a doubled one is literal.
  `file,id=console,path=${console.replaceAll(",", ",,")}`,
  "-serial",
  "chardev:console",
  "-gdb",
  "stdio",
  "-S",
];
