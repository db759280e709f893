import type { Architecture } from "../../targets/architecture.js";
import type { Tender } from "../../targets/tender.js";
import type { AttachedDevice } from "../devices/devices.js";
import { inside } from "../helper-vm/init.js";
import { virtioDevice } from "./qemu-devices.js";
import { bareMachine, controlChannel, qemuPrograms } from "./qemu.js";
import { runnerOf, userNetForbidden } from "./refusal.js";
import { tenderAccelerators, tenderArgs } from "./solo5.js";
import { type Asked, type BootSite, type Command, type MachineFacts, type Refusal, type Vmm, hasTaps } from "./vmm.js";

interface Machine {
  readonly machine: string;
  readonly cpu: string;
  readonly kernelWords: readonly string[];
  /** Free slots of its PCI bus (as in qemu.ts) but that of its serial port. */
  readonly mostDevices: number;
}

const machines: Readonly<Record<Architecture, Machine>> = {
  x86_64: {
    machine: "q35,accel=tcg",
    // The richest that TCG has, AMD's virtual machines included; without the fifth level of page tables, which would
    // only make it slower.
    cpu: "max,la57=off",
    // On a busy machine emulated timers tick too late for the kernel's test of them, and it panics.
    kernelWords: ["console=ttyS0", "no_timer_check", "tsc=reliable"],
    mostDevices: 29,
  },
  aarch64: {
    // The kernel starts at EL2, where its KVM needs to be.
    machine: "virt,accel=tcg,virtualization=on,gic-version=3",
    cpu: "cortex-a72",
    kernelWords: ["console=ttyAMA0"],
    mostDevices: 30,
  },
};

/** -1: a panic restarts at once, which ends QEMU. Addresses are not random: that costs time, and nobody is kept out by it. */
const kernelWords = ["quiet", "panic=-1", "mitigations=off", "nokaslr", "ipv6.disable=1", "audit=0"];

/** MiB that Linux, busybox, the tender and two copies of the image take; the unikernel's own memory comes on top. */
const ownMemoryMiB = 192;

/** Solo5's tender where it cannot run itself: in the helper VM, a small Linux guest that QEMU emulates. */
export function helperVm(tender: Tender): Vmm {
  return {
    program: tender,
    words: "in a helper VM under emulation",
    isHelperVm: true,
    accelerators: () => ["tcg"],
    takes: ({ architecture }, _, { tenders }) => tenders.includes(architecture),
    whyNot: (asked, site, machine) => whyNot(tender, asked, site, machine),
    command: (asked, site) => helperCommand(tender, asked, site),
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
      summary: `${target.name} for ${architecture} runs here in a helper VM, and there is no ${tender} for ${architecture} to run it there`,
      remedy: `set the toolchain up with \`arch: ${architecture}\`, which builds one, or boot it on ${runnerOf[architecture]}`,
    };
  }
  if (accelerator !== "kvm") return undefined;
  if (isOwn) return hasTaps(site) ? undefined : userNetForbidden("in the helper VM, which is emulation");
  // KVM of another architecture is what the tender itself lacks, where it needs one.
  if (tenderAccelerators[tender] === "kvm") return undefined;
  return {
    reason: "accelerator",
    summary: `${target.name} for ${architecture} runs here in the helper VM, which is emulation; \`accelerator: kvm\` forbids it`,
    remedy: "leave `accelerator: kvm` out",
  };
}

/**
 * Runs a hvt or spt image with Solo5's tender in a helper VM that QEMU emulates. The guest's serial port (what
 * happens, as boot/helper-vm/protocol.ts reads it) is QEMU's standard output; the unikernel's console is file descriptor 3,
 * QEMU's control channel 4.
 */
function helperCommand(tender: Tender, asked: Asked, site: BootSite): Command {
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
      "-chardev",
      "stdio,id=events,signal=off",
      "-serial",
      "chardev:events",
      "-chardev",
      "socket,id=console,fd=3",
      ...controlChannel(4),
      // Linux waits for each piece of the console to be taken: QEMU takes it at once, in the processor's own thread.
      "-device",
      "virtio-serial-pci,max_ports=2,ioeventfd=off",
      "-device",
      "virtserialport,chardev=console",
      ...devices.flatMap(deviceOptions),
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

/** Linux numbers its network cards and disks in the order in which they stand here. */
function deviceOptions(device: AttachedDevice, index: number): string[] {
  return virtioDevice(
    device.type === "net" ? { ...device, mac: cardAddress(device.mac) } : device,
    `device${index}`,
    "pci",
  );
}

/** The card's own address: a bridge would keep the frames to its card's address from the unikernel. */
function cardAddress(mac: string): string {
  const [first = "", ...others] = mac.split(":");
  return [(Number.parseInt(first, 16) ^ 4).toString(16).padStart(2, "0"), ...others].join(":");
}

/** The path of the n-th disk, from 0: /dev/vda to /dev/vdz, then /dev/vdaa. */
export function diskPath(number: number): string {
  const letter = (place: number) => String.fromCharCode("a".charCodeAt(0) + place);
  return `/dev/vd${number < 26 ? "" : letter(Math.floor(number / 26) - 1)}${letter(number % 26)}`;
}
