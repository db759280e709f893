import type { Architecture } from "../target/architecture.js";
import type { Target } from "../target/target.js";

/**
 * Whether a kind of machine boots an image, and how:
 *
 * - `kvm or emulation`: with KVM where it works, else by emulation
 * - `kvm`: only with KVM
 * - `native`: as a process of the machine, without KVM
 * - `emulated`: another architecture's processor is emulated
 * - `no: …`: not there; why, or what would boot it
 */
export type Boots = "kvm or emulation" | "kvm" | "native" | "emulated" | `no: ${string}`;

/**
 * How an image boots on a machine that nobody has looked at yet: what the boot itself decides by `planBoot`
 * (boot/plan.ts), as far as the table alone tells it.
 *
 * @param machine architecture of the machine that boots it.
 */
export function bootsOn(target: Target, architecture: Architecture, machine: Architecture): Boots {
  const isOwn = architecture === machine;
  switch (target.monitor) {
    case "qemu":
    case "solo5-hvt":
    case "firecracker":
      if (target.emulated.includes(architecture)) return isOwn ? "kvm or emulation" : "emulated";
      return isOwn ? "kvm" : `no: it boots on an ${architecture} machine with KVM only`;
    case "solo5-spt":
      return isOwn ? "native" : "emulated";
    case "process":
      return isOwn ? "native" : `no: it runs on an ${architecture} machine only`;
    case "none":
      return `no: that needs ${target.bootedBy ?? "something that this tool does not know"}`;
  }
}
