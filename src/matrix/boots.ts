import { acceleratorsOf } from "../boot/plan.js";
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
 * (boot/plan.ts), as far as the VMMs tell it.
 *
 * @param machine architecture of the machine that boots it.
 */
export function bootsOn(target: Target, architecture: Architecture, machine: Architecture): Boots {
  const there = acceleratorsOf(target, architecture, machine);
  if (there.includes("native")) return "native";
  if (there.includes("kvm")) return there.includes("tcg") ? "kvm or emulation" : "kvm";
  if (there.includes("tcg")) return "emulated";
  const atHome = acceleratorsOf(target, architecture, architecture);
  if (atHome.includes("native")) return `no: it runs on an ${architecture} machine only`;
  if (atHome.includes("kvm")) return `no: it boots on an ${architecture} machine with KVM only`;
  return `no: that needs ${target.bootedBy ?? "something that this tool does not know"}`;
}
