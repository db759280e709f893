import type { Architecture } from "../target/architecture.js";
import type { Target } from "../target/target.js";
import { hasTaps } from "./attempt-plan.js";
import type { Reason } from "./judge/verdict.js";
import type { KvmAccess, MachineFacts, PlanRequest } from "./plan-request.js";

export interface Refusal {
  readonly reason: Reason;
  readonly summary: string;
  readonly remedy: string;
}

/** Why an image cannot be run on a machine, or in no further way: see plan.ts. */
export function refuse(request: PlanRequest, machine: MachineFacts): Refusal {
  const { target, architecture, accelerator } = request;
  switch (target.monitor) {
    case "none":
      return notBooted(target);
    case "process":
      return otherArchitecture(request, machine);
    case "solo5-hvt":
    case "solo5-spt":
      if (architecture !== machine.architecture && !machine.tenders.includes(architecture)) return noTender(request);
      if (accelerator === "kvm" && needsCarrier(request, machine)) return carrierForbidden(request, machine);
      return noKvm(request, machine);
    case "firecracker":
      if (accelerator === "kvm" && architecture === machine.architecture && !hasTaps(request))
        return userNetForbidden("by emulation");
      return noKvm(request, machine);
    case "qemu":
      return noKvm(request, machine);
  }
}

/** Whether a tender can run the image in the Linux guest only, whatever KVM does. */
function needsCarrier(request: PlanRequest, machine: MachineFacts): boolean {
  const isAbroad = request.architecture !== machine.architecture;
  // Abroad it is KVM itself that is missing to hvt; spt needs none at home.
  return request.target.monitor === "solo5-spt" ? isAbroad || !hasTaps(request) : !isAbroad && !hasTaps(request);
}

function carrierForbidden(request: PlanRequest, machine: MachineFacts): Refusal {
  if (request.architecture === machine.architecture) return userNetForbidden("in the Linux guest, which is emulation");
  return {
    reason: "accelerator",
    summary: `${request.target.name} for ${request.architecture} runs here in the Linux guest, which is emulation; \`accelerator: kvm\` forbids it`,
    remedy: "leave `accelerator: kvm` out",
  };
}

function userNetForbidden(where: string): Refusal {
  return {
    reason: "accelerator",
    summary: `with \`net: user\` it runs ${where}; \`accelerator: kvm\` forbids it`,
    remedy: "set `net: tap`, or leave `accelerator: kvm` out",
  };
}

function noKvm({ architecture, target, accelerator }: PlanRequest, machine: MachineFacts): Refusal {
  const needs = `${target.name} on ${architecture} needs KVM`;
  const remedy =
    accelerator === "kvm" && target.emulated.includes(architecture)
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

const runnerOf: Readonly<Record<Architecture, string>> = {
  x86_64: "an x86_64 runner",
  aarch64: "an arm64 runner (ubuntu-24.04-arm)",
};

function noTender({ architecture, target }: PlanRequest): Refusal {
  return {
    reason: "unsupported",
    summary: `${target.name} for ${architecture} runs here in a Linux guest, and there is no ${target.monitor} for ${architecture} to run it there`,
    remedy: `set the toolchain up with \`arch: ${architecture}\`, which builds one, or boot it on ${runnerOf[architecture]}`,
  };
}

function otherArchitecture({ architecture, target }: PlanRequest, machine: MachineFacts): Refusal {
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
