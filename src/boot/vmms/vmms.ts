import type { Target, VmmName } from "../../targets/targets.js";
import { firecracker } from "./firecracker.js";
import { helperVm } from "./helper-vm.js";
import { loader } from "./loader.js";
import { hostProcess } from "./host-process.js";
import { qemu } from "./qemu.js";
import { tender } from "./solo5.js";
import type { Vmm } from "./vmm.js";
import { xen } from "./xen.js";

/** Every VMM by its name; the rows of targets/targets.ts list those of a target. */
export const vmms: Readonly<Record<VmmName, Vmm>> = {
  qemu,
  firecracker,
  loader,
  "solo5-hvt": tender("solo5-hvt"),
  "solo5-spt": tender("solo5-spt"),
  "helper-vm-solo5-hvt": helperVm("solo5-hvt"),
  "helper-vm-solo5-spt": helperVm("solo5-spt"),
  xen,
  process: hostProcess,
};

export function vmmsOf({ vmms: names }: Pick<Target, "vmms">): readonly Vmm[] {
  return names.map((name) => vmms[name]);
}
