import { basename } from "node:path";
import type { Architecture } from "../../target/architecture.js";
import type { AttemptPlan, MonitorRequest } from "../attempt-plan.js";
import { commandLine } from "./command-line.js";

/**
 * Interrupts that it has for devices: 5 to 23 on x86_64, 32 to 127 on aarch64, which are more than anybody needs (IRQ_BASE and
 * IRQ_MAX of its src/vmm/src/arch/ARCHITECTURE/layout.rs). Newer ones take some for themselves: they say so then.
 */
const interrupts = { x86_64: 19, aarch64: 96 } as const;

/** Runs an image in Firecracker, which gets everything else from a file: {@link firecrackerConfig}. */
export function planFirecracker(architecture: Architecture, place: { readonly config: string }): AttemptPlan {
  return {
    monitor: "firecracker",
    accelerator: "kvm",
    mostDevices: interrupts[architecture],
    // Its log goes where the guest's console goes. That a guest fell over stands there and nowhere else, at the level Info.
    argv: ["firecracker", "--no-api", "--level", "Info", "--show-level", "--config-file", place.config],
  };
}

/**
 * The content of the file that Firecracker's `--config-file` names, by `VmmConfig` of its src/vmm/src/resources.rs. A
 * network device of another kind than a tap is none to it.
 */
export function firecrackerConfig({ imagePath, memoryMiB, args, ownsArgv0, devices }: MonitorRequest): object {
  const name = ownsArgv0 ? [basename(imagePath)] : [];
  return {
    "boot-source": { kernel_image_path: imagePath, boot_args: kernelCommandLine(name, args, []) },
    "machine-config": { vcpu_count: 1, mem_size_mib: memoryMiB },
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
 * The kernel's command line: `NAME MACHINE -- ARGUMENTS`. Firecracker adds words about its machine in front of ` -- `
 * (`pci=off`, a `virtio_mmio.device=` for each device), and Unikraft takes for its main's arguments what stands behind
 * (lib/ukboot/early_init.c). Arguments that have a `--` themselves are split there: what is in front of it is meant for
 * Unikraft's libraries.
 *
 * @param name the guest's name for itself, where it takes the first word for it.
 * @param machine what a monitor does not add itself.
 */
export function kernelCommandLine(
  name: readonly string[],
  args: readonly string[],
  machine: readonly string[],
): string {
  const separator = args.indexOf("--");
  const forLibraries = separator < 0 ? [] : args.slice(0, separator);
  const forMain = args.slice(separator + 1);
  // Firecracker drops a ` -- ` with nothing behind it. Empty quotes are no word to Unikraft.
  const rest = forMain.length === 0 ? "''" : commandLine(forMain);
  return [...name, commandLine(forLibraries), ...machine, "--", rest].filter((part) => part !== "").join(" ");
}
