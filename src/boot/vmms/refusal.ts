import type { Architecture } from "../../targets/architecture.js";
import type { Target } from "../../targets/targets.js";
import type { Asked, KvmAccess, MachineFacts, Refusal } from "./vmm.js";

/** @param where an image runs without taps, as a phrase. */
export function userNetForbidden(where: string): Refusal {
  return {
    reason: "accelerator",
    summary: `with \`net: user\` it runs ${where}; \`accelerator: kvm\` forbids emulation`,
    remedy: "set `net: tap`, or remove `accelerator: kvm`",
  };
}

export function needsTap({ target }: Asked): Refusal {
  return {
    reason: "accelerator",
    summary: `${target.name} needs a tap here, but its network is QEMU’s user networking`,
    remedy: "set `net: tap`",
  };
}

/** @param isEmulated a VMM of the target runs such images by emulation. */
export function noKvm(
  { architecture, target, accelerator }: Asked,
  machine: MachineFacts,
  isEmulated: boolean,
): Refusal {
  const needs = `${target.name} on ${architecture} needs KVM`;
  const remedy =
    accelerator === "kvm" && isEmulated
      ? "remove `accelerator: kvm`: this target also boots by emulation"
      : "boot it on a machine where KVM works, or build another target to boot here";
  if (architecture !== machine.architecture) {
    return { reason: "accelerator", summary: `${needs}, but this machine is ${machine.architecture}`, remedy };
  }
  if (accelerator === "tcg") {
    return { reason: "accelerator", summary: `${needs}, which \`accelerator: tcg\` forbids`, remedy };
  }
  const because: Readonly<Record<KvmAccess, string>> = {
    open: "which opens here but fails its guests",
    absent: "but this machine has no /dev/kvm",
    denied: "but this user has no access to /dev/kvm",
  };
  return {
    reason: "accelerator",
    summary: `${needs}, ${because[machine.kvm]}`,
    remedy:
      machine.kvm === "denied" ? "add the user to the group of /dev/kvm (on hosted runners: a udev rule)" : remedy,
  };
}

/** A machine of each architecture, as a workflow asks for it. */
export const runnerOf: Readonly<Record<Architecture, string>> = {
  x86_64: "an x86_64 runner",
  aarch64: "an arm64 runner (ubuntu-24.04-arm)",
};

export function otherArchitecture({ architecture, target }: Asked, machine: MachineFacts): Refusal {
  return {
    reason: "unsupported",
    summary:
      `${target.name} runs only on its own architecture: ` +
      `the image is for ${architecture}, this machine is ${machine.architecture}`,
    remedy: `boot it on ${runnerOf[architecture]}`,
  };
}

export function notBooted(target: Target): Refusal {
  return {
    reason: "unsupported",
    summary: `this tool builds ${target.name} but does not boot it`,
    remedy: `boot it on ${target.bootedBy ?? "a platform that supports it"}`,
  };
}
