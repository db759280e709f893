import type { Architecture } from "../../targets/architecture.js";
import type { Target } from "../../targets/targets.js";
import type { Asked, KvmAccess, MachineFacts, Refusal } from "./vmm.js";

/** @param where how it runs without taps, as a phrase. */
export function userNetForbidden(where: string): Refusal {
  return {
    reason: "accelerator",
    summary: `with \`net: user\` it runs ${where}; \`accelerator: kvm\` forbids it`,
    remedy: "set `net: tap`, or leave `accelerator: kvm` out",
  };
}

export function needsTap({ target }: Asked): Refusal {
  return {
    reason: "accelerator",
    summary: `what boots ${target.name} here takes a tap, and its network is QEMU’s user networking`,
    remedy: "set `net: tap`",
  };
}

/** @param isEmulated a VMM of the target runs such images without KVM. */
export function noKvm(
  { architecture, target, accelerator }: Asked,
  machine: MachineFacts,
  isEmulated: boolean,
): Refusal {
  const needs = `${target.name} on ${architecture} needs KVM`;
  const remedy =
    accelerator === "kvm" && isEmulated
      ? "leave `accelerator: kvm` out: this target also boots by emulation"
      : "boot it on a machine whose KVM works, or build for another target to boot here";
  if (architecture !== machine.architecture) {
    return { reason: "accelerator", summary: `${needs}, and this machine is ${machine.architecture}`, remedy };
  }
  if (accelerator === "tcg") {
    return { reason: "accelerator", summary: `${needs}, and \`accelerator: tcg\` forbids it`, remedy };
  }
  const because: Readonly<Record<KvmAccess, string>> = {
    open: "and KVM opens here but fails its guests",
    absent: "and there is no /dev/kvm here",
    denied: "and /dev/kvm may not be opened by this user",
  };
  return {
    reason: "accelerator",
    summary: `${needs}, ${because[machine.kvm]}`,
    remedy:
      machine.kvm === "denied" ? "add the user to the group of /dev/kvm (on hosted runners: a udev rule)" : remedy,
  };
}

/** A machine of an architecture, as a workflow asks for it. */
export const runnerOf: Readonly<Record<Architecture, string>> = {
  x86_64: "an x86_64 runner",
  aarch64: "an arm64 runner (ubuntu-24.04-arm)",
};

export function otherArchitecture({ architecture, target }: Asked, machine: MachineFacts): Refusal {
  return {
    reason: "unsupported",
    summary: `${target.name} runs on its own architecture only: the image is for ${architecture}, this machine is ${machine.architecture}`,
    remedy: `boot it on ${runnerOf[architecture]}`,
  };
}

/** Why a target that is only built has no verdict. */
export function notBooted(target: Target): Refusal {
  return {
    reason: "unsupported",
    summary: `this tool builds ${target.name} and does not boot it`,
    remedy: `it is booted by ${target.bootedBy ?? "nothing that we know"}`,
  };
}
