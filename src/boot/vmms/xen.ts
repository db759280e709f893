import type { AttachedDevice } from "../devices/devices.js";
import { inside } from "../helper-vm/guest-init.js";
import { insideXen } from "../helper-vm/xen-init.js";
import { bridgedDevices, diskPath, eventChannels } from "./helper-vm.js";
import { bareMachine, qemuPrograms } from "./qemu.js";
import { commandLine } from "./solo5.js";
import type { Asked, BootSite, Command, Refusal, Vmm } from "./vmm.js";

/** MiB of the control domain: Linux, Xen's daemons and two copies of the image. It never shrinks. */
const controlMemoryMiB = 224;
/** MiB for Xen and its tables; the unikernel's own memory comes on top. */
const ownMemoryMiB = controlMemoryMiB + 96;

/**
 * Xen has no console: on a serial port of its own a guest could print through it. Its defences against hostile guests
 * of other owners would only cost time here. Without `bootscrub` a domain's memory is not zero, and neither are the
 * variables of the guest that should be.
 */
const xenWords = [
  /* promise: xen-has-no-console */ "console=none",
  `dom0_mem=${controlMemoryMiB}M,max:${controlMemoryMiB}M`,
  "dom0_max_vcpus=1",
  "cpuidle=0",
  "xpti=0",
  "spec-ctrl=no",
];

/** As in helper-vm.ts, where QEMU starts the kernel. */
const kernelWords = ["console=ttyS0", "rdinit=/init", "quiet", "panic=-1", "mitigations=off", "nokaslr"];

/** A PVH domain of Xen, in a helper VM that QEMU emulates. */
export const xen: Vmm = {
  program: "xen",
  words: "Xen, as a PVH domain, in a helper VM under emulation",
  isHelperVm: true,
  accelerators: () => ["tcg"],
  whyNot: ({ accelerator }) => (accelerator === "kvm" ? emulatedOnly : undefined),
  command: xenCommand,
};

const emulatedOnly: Refusal = {
  reason: "accelerator",
  summary: "xen runs here only in the emulated helper VM; `accelerator: kvm` forbids emulation",
  remedy: "remove `accelerator: kvm`",
};

/** The command that starts the helper VM, with the channels of helper-vm.ts. */
function xenCommand(asked: Asked, site: BootSite): Command {
  const { program, debianPackage } = qemuPrograms.x86_64;
  const { kernel, hypervisor = "" } = site.places.helperVms["xen-x86_64"];
  return {
    argv: [
      program,
      ...bareMachine,
      "-machine",
      "q35,accel=tcg",
      "-cpu",
      // Without SMAP and SMEP, whose emulation kills a paravirtual kernel, and MONITOR, on which Xen's idle loop traps.
      "max,la57=off,-smap,-smep,-monitor",
      "-smp",
      "1",
      "-m",
      `${asked.memory + ownMemoryMiB}M`,
      ...eventChannels,
      ...bridgedDevices(site.devices),
      "-kernel",
      hypervisor,
      "-initrd",
      // Multiboot modules: the first is the kernel with its words, the second its initramfs.
      [`${kernel} ${kernelWords.join(" ")}`, site.places.initrd]
        .map((module) => /* promise: xen-module-commas-are-doubled */ module.replaceAll(",", ",,"))
        .join(","),
      "-append",
      xenWords.join(" "),
    ],
    debianPackage,
    mostDevices: 29,
    channels: 2,
    inside: { domain: domainConfiguration(asked, site) },
  };
}

/**
 * The domain, in the form of xl.cfg(5). Each way to end destroys it: what is left of it could only run on.
 */
export function domainConfiguration({ memory }: Pick<Asked, "memory">, { args, devices }: BootSite): string {
  const ofType = (type: AttachedDevice["type"]) => devices.filter((device) => device.type === type);
  const cards = ofType("net").map((device, index) =>
    device.type === "net" ? `mac=${device.mac},bridge=bridge${index},script=${insideXen.attach}` : "",
  );
  const disks = ofType("block").map(
    (_, index) => `format=raw,vdev=xvd${letters(index)},access=rw,script=${insideXen.attach},target=${diskPath(index)}`,
  );
  const ends = ["poweroff", "reboot", "crash", "watchdog", "soft_reset"];
  return [
    'name = "unikernel"',
    'type = "pvh"',
    `kernel = ${quoted(inside.image)}`,
    `memory = ${memory}`,
    "vcpus = 1",
    ...(args.length === 0
      ? []
      : [`cmdline = ${/* promise: xen-arguments-are-one-string */ quoted(commandLine(args))}`]),
    `vif = [${cards.map(quoted).join(", ")}]`,
    `disk = [${disks.map(quoted).join(", ")}]`,
    ...ends.map((end) => `on_${end} = "destroy"`),
    "",
  ].join("\n");
}

/** a to z, then aa: as Linux names its disks. */
const letters = (index: number) => diskPath(index).replace("/dev/vd", "");

/** A string of xl.cfg(5), by the escapes of Xen's own parser (libxlu_cfg.c): it has no line breaks inside. */
function quoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return `"${text.replace(/["\\\n\r\t]/g, (mark) => escapes[mark] ?? `\\${mark}`)}"`;
}
