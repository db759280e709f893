import { basename, join } from "node:path";
import { downloadFirecracker } from "../../platform/packages/binaries.js";
import { needsTap, noKvm } from "./refusal.js";
import { commandLine } from "./solo5.js";
import { type Asked, type BootSite, type Vmm, hasTaps, ownsArgv0 } from "./vmm.js";

/**
 * Interrupts for devices: 5 to 23 on x86_64, 32 to 127 on aarch64 (IRQ_BASE and IRQ_MAX of Firecracker's
 * src/vmm/src/arch/ARCHITECTURE/layout.rs). Newer versions reserve some, and report it when they run out.
 */
const interrupts = { x86_64: 19, aarch64: 96 } as const;

/** Firecracker, configured by a file: {@link firecrackerConfig}. */
export const firecracker: Vmm = {
  program: "firecracker",
  words: "Firecracker with KVM on a machine of its architecture",
  splitsPath: true,
  accelerators: (architecture, machine) => (architecture === machine ? ["kvm"] : []),
  takes: (_, site) => hasTaps(site),
  whyNot: (asked, site, machine, isEmulated) =>
    asked.architecture === machine.architecture &&
    machine.kvm === "open" &&
    !hasTaps(site) &&
    asked.accelerator !== "tcg"
      ? needsTap(asked)
      : noKvm(asked, machine, isEmulated),
  command: (asked, site) => ({
    // Its log goes to the guest's console. Only there, at the level Info, does it report a guest's triple fault.
    argv: [
      "firecracker",
      "--no-api",
      "--level",
      "Info",
      "--show-level",
      "--config-file",
      site.places.firecrackerConfig,
    ],
    mostDevices: interrupts[asked.architecture],
    channels: 0,
    files: [{ path: site.places.firecrackerConfig, text: JSON.stringify(firecrackerConfig(asked, site)) }],
  }),
  download: (context) => downloadFirecracker(context, join(context.host.folders.toolCache, "firecracker")),
};

/** `VmmConfig` of Firecracker's src/vmm/src/resources.rs. Its only network devices are taps. */
function firecrackerConfig(asked: Asked, { imagePath, args, devices }: BootSite): object {
  const name = ownsArgv0(asked) ? [basename(imagePath)] : [];
  return {
    "boot-source": { kernel_image_path: imagePath, boot_args: kernelCommandLine(name, args, []) },
    "machine-config": { vcpu_count: 1, mem_size_mib: asked.memory },
    drives: devices.flatMap((device, index) =>
      device.type === "block"
        ? [{ drive_id: `disk${index}`, path_on_host: device.path, is_root_device: false, is_read_only: false }]
        : [],
    ),
    "network-interfaces": devices.flatMap((device, index) =>
      device.type === "net" && device.link.kind === "tap"
        ? [{ iface_id: `net${index}`, host_dev_name: device.link.interface, guest_mac: device.mac }]
        : [],
    ),
  };
}

/**
 * The kernel's command line: `NAME MACHINE -- ARGUMENTS`. Firecracker adds words about its machine before ` -- `
 * (`pci=off`, a `virtio_mmio.device=` for each device); Unikraft passes the words after it to main
 * (lib/ukboot/early_init.c). Arguments with a `--` of their own are split there: the part before it is for Unikraft's
 * libraries.
 *
 * @param name the guest's name for itself, when it takes the first word as its name.
 * @param machine words that the VMM does not add itself.
 */
export function kernelCommandLine(
  name: readonly string[],
  args: readonly string[],
  machine: readonly string[],
): string {
  const separator = args.indexOf("--");
  const forLibraries = separator < 0 ? [] : args.slice(0, separator);
  const forMain = args.slice(separator + 1);
  // Firecracker drops a trailing ` -- `. Unikraft does not count empty quotes as a word.
  const rest = forMain.length === 0 ? "''" : commandLine(forMain);
  return [...name, commandLine(forLibraries), ...machine, "--", rest].filter((part) => part !== "").join(" ");
}
