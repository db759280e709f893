import { join } from "node:path";
import type { Architecture } from "../../targets/architecture.js";
import type { Tender } from "../../targets/targets.js";
import type { AttachedDevice } from "../devices/devices.js";
import { inside } from "../helper-vm/guest-init.js";
import { driveOption, virtioDevice } from "./qemu-devices.js";
import { bareMachine, controlChannel, qemuPrograms } from "./qemu.js";
import { runnerOf, userNetForbidden } from "./refusal.js";
import { tenderAccelerators, tenderArgs } from "./solo5.js";
import {
  type Asked,
  type BootSite,
  type Command,
  type MachineFacts,
  type Refusal,
  type TenderRun,
  type Vmm,
  hasTaps,
} from "./vmm.js";

interface Machine {
  readonly machine: string;
  readonly cpu: string;
  readonly kernelWords: readonly string[];
  /** Free slots of its PCI bus (as in qemu.ts), without the slot of its serial port. */
  readonly mostDevices: number;
}

const machines: Readonly<Record<Architecture, Machine>> = {
  x86_64: {
    machine: "q35,accel=tcg",
    // All that TCG has, including AMD's virtualisation; the fifth level of page tables would only cost time.
    cpu: "max,la57=off",
    // On a busy machine emulated timers tick too late for the kernel's check, and it panics.
    kernelWords: ["console=ttyS0", "no_timer_check", "tsc=reliable"],
    mostDevices: 29,
  },
  aarch64: {
    // KVM needs the kernel to start at EL2.
    machine: "virt,accel=tcg,virtualization=on,gic-version=3",
    cpu: "cortex-a72",
    kernelWords: ["console=ttyAMA0"],
    mostDevices: 30,
  },
};

/** `panic=-1` restarts at once on a panic, which ends QEMU. Random addresses would only cost time here. */
const kernelWords = ["quiet", "panic=-1", "mitigations=off", "nokaslr", "ipv6.disable=1", "audit=0"];

/** MiB for Linux, busybox, the tender and two copies of the image; the unikernel's own memory comes on top. */
const ownMemoryMiB = 192;

/** A Solo5 tender that cannot run on this machine directly: in a helper VM that QEMU emulates. */
export function helperVm(tender: Tender): Vmm {
  return {
    program: tender,
    words: "in a helper VM under emulation",
    isHelperVm: true,
    accelerators: () => ["tcg"],
    takes: ({ architecture }, _, { tenders }) => tenders.includes(architecture),
    whyNot: (asked, site, machine) => whyNot(tender, asked, site, machine),
    command: (asked, site) => helperCommand(tender, asked, site),
    dumped: (asked, site) => dumpingCommand(tender, asked, site),
  };
}

function whyNot(
  tender: Tender,
  { target, architecture, accelerator }: Asked,
  site: BootSite,
  machine: MachineFacts,
): Refusal | undefined {
  const isOwn = architecture === machine.architecture;
  if (!isOwn && !machine.tenders.includes(architecture)) {
    return {
      reason: "unsupported",
      summary: `the helper VM for ${target.name} needs a ${tender} for ${architecture}, and there is none`,
      remedy:
        `set the toolchain up with \`arch: ${architecture}\`, which builds one, ` +
        `or boot it on ${runnerOf[architecture]}`,
    };
  }
  if (accelerator !== "kvm") return undefined;
  if (isOwn) return hasTaps(site) ? undefined : userNetForbidden("in the emulated helper VM");
  // A tender that needs KVM gives the better reason itself: KVM cannot run another architecture.
  if (tenderAccelerators[tender] === "kvm") return undefined;
  return {
    reason: "accelerator",
    summary:
      `${target.name} for ${architecture} runs here only in the emulated helper VM; ` +
      "`accelerator: kvm` forbids emulation",
    remedy: "remove `accelerator: kvm`",
  };
}

/**
 * The command that starts the helper VM. Its serial port (the events that boot/helper-vm/process.ts reads) is QEMU's
 * standard output; the unikernel's console is file descriptor 3, QEMU's control channel 4.
 */
function helperCommand(tender: Tender, asked: Asked, site: BootSite): Command & { readonly inside: TenderRun } {
  const { architecture, memory } = asked;
  const { devices, places } = site;
  const { program, debianPackage } = qemuPrograms[architecture];
  const { machine, cpu, kernelWords: ownWords, mostDevices } = machines[architecture];
  const placeInside = (device: AttachedDevice) => {
    const number = devices.filter(({ type }) => type === device.type).indexOf(device);
    return device.type === "net" ? `tap${number}` : diskPath(number);
  };
  return {
    argv: [
      program,
      ...bareMachine,
      "-machine",
      machine,
      "-cpu",
      cpu,
      "-smp",
      "1",
      "-m",
      `${memory + ownMemoryMiB}M`,
      ...eventChannels,
      ...bridgedDevices(devices),
      "-kernel",
      places.helperVms[architecture].kernel,
      "-initrd",
      places.initrd,
      "-append",
      [...ownWords, ...kernelWords].join(" "),
    ],
    debianPackage,
    mostDevices,
    channels: 2,
    inside: { architecture, tender, args: tenderArgs(asked, site, inside.image, placeInside) },
  };
}

/** The helper VM's events on standard output, the unikernel's console on file descriptor 3, QMP on 4. */
export const eventChannels = [
  "-chardev",
  "stdio,id=events,signal=off",
  "-serial",
  "chardev:events",
  "-chardev",
  "socket,id=console,fd=3",
  ...controlChannel(4),
  // Without ioeventfd QEMU takes the console's output at once, in the processor's thread: Linux waits for that.
  "-device",
  "virtio-serial-pci,max_ports=2,ioeventfd=off",
  "-device",
  "virtserialport,chardev=console",
] as const;

/** The same with another disk, for the memory of the guest. The helper VM keeps it in its own memory until then. */
function dumpingCommand(tender: Tender, asked: Asked, site: BootSite): Command {
  const { inside: run, argv, ...command } = helperCommand(tender, { ...asked, memory: 2 * asked.memory }, site);
  const { args } = helperCommand(tender, asked, site).inside;
  const dump = diskPath(site.devices.filter(({ type }) => type === "block").length);
  return {
    ...command,
    argv: [
      ...argv,
      "-drive",
      driveOption(join(site.places.dumps, "core"), "dump"),
      "-device",
      "virtio-blk-pci,drive=dump",
    ],
    inside: { ...run, args: [...(tender === "solo5-hvt" ? ["--dumpcore=/"] : []), ...args], dump },
  };
}

/** Linux numbers its network cards and disks in the order of these options. */
export function bridgedDevices(devices: readonly AttachedDevice[]): string[] {
  return devices.flatMap((device, index) =>
    virtioDevice(device.type === "net" ? { ...device, mac: cardAddress(device.mac) } : device, `device${index}`, "pci"),
  );
}

/** Another address than the unikernel's: a bridge keeps frames to its own card's address for itself. */
function cardAddress(mac: string): string {
  const [first = "", ...others] = mac.split(":");
  return [(Number.parseInt(first, 16) ^ 4).toString(16).padStart(2, "0"), ...others].join(":");
}

/** The path of the n-th disk, from 0: /dev/vda to /dev/vdz, then /dev/vdaa. */
export function diskPath(number: number): string {
  const letter = (place: number) => String.fromCharCode("a".charCodeAt(0) + place);
  return `/dev/vd${number < 26 ? "" : letter(Math.floor(number / 26) - 1)}${letter(number % 26)}`;
}
