import { type HelperVmKind, helperVmPlace } from "../../../src/boot/helper-vm/published.js";
import type { Asked, BootSite, MachineFacts } from "../../../src/boot/vmms/vmm.js";
import { type TargetName, targets } from "../../../src/targets/targets.js";

/** What is asked of a boot, as far as it decides how the image is run. */
export function askedOf(target: TargetName, asked: Partial<Omit<Asked, "target">> = {}): Asked {
  const architecture = asked.architecture ?? "x86_64";
  const isUnikraft = targets[target].backend === "unikraft";
  return {
    target: targets[target],
    architecture,
    accelerator: "auto",
    memory: 64,
    image: {
      format: "elf64",
      architecture,
      system: isUnikraft ? { kind: "unikraft", platform: "qemu" } : { kind: "unmarked" },
    },
    ...asked,
  };
}

/** What is added to it on the way. */
export function siteOf({
  places,
  ...site
}: Partial<Omit<BootSite, "places">> & { places?: Partial<BootSite["places"]> } = {}): BootSite {
  const helperVm = (kind: HelperVmKind) => helperVmPlace("/cache", "debian 12", kind);
  return {
    imagePath: "/project/dist/hello",
    args: [],
    devices: [],
    places: {
      helperVms: { x86_64: helperVm("x86_64"), aarch64: helperVm("aarch64"), "xen-x86_64": helperVm("xen-x86_64") },
      initrd: "/boot/initrd",
      firecrackerConfig: "/boot/firecracker.json",
      loader: "/dist/loader",
      secondConsole: "/boot/second-console",
      secondImage: "/boot/second-image",
      dumps: "/boot/dumps",
      ...places,
    },
    ...site,
  };
}

/** A machine where nothing is in the way. */
export const goodMachine: MachineFacts = {
  architecture: "x86_64",
  kvm: "open",
  isNestedAmd: false,
  tenders: ["x86_64", "aarch64"],
};
