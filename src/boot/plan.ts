import type { Architecture } from "../targets/architecture.js";
import type { Target } from "../targets/targets.js";
import type { Accelerator } from "./report.js";
import { notBooted } from "./vmms/refusal.js";
import type { Asked, AttemptPlan, BootSite, MachineFacts, Refusal, Vmm } from "./vmms/vmm.js";
import { vmms, vmmsOf } from "./vmms/vmms.js";

/** Ways to run the image, best first; the next one is for when the accelerator of the one before fails. */
export interface BootPlan {
  readonly attempts: readonly AttemptPlan[];
  /** Why there is no further way: the verdict when all attempts, perhaps none, failed by their accelerator. */
  readonly otherwise: Refusal;
}

/** Decides how to run an image on a machine. Pure: the same question always gives the same commands. */
export function planBoot(asked: Asked, site: BootSite, machine: MachineFacts): BootPlan {
  return { attempts: attemptsFor(asked, site, machine), otherwise: whyNoFurther(asked, site, machine) };
}

function attemptsFor(asked: Asked, site: BootSite, machine: MachineFacts): readonly AttemptPlan[] {
  const attempts = asked.target.vmms.flatMap((name) => {
    const vmm = vmms[name];
    return vmm
      .accelerators(asked.architecture, machine.architecture)
      .filter((accelerator) => isAllowed(accelerator, asked.accelerator))
      .filter((accelerator) => accelerator !== "kvm" || machine.kvm === "open")
      .filter(() => vmm.takes?.(asked, site, machine) ?? true)
      .map((accelerator): AttemptPlan => {
        const command = vmm.command(asked, site, accelerator, machine);
        return { vmm: name, program: vmm.program, accelerator, ...command };
      });
  });
  // What needs no accelerator does not fail by one.
  const native = attempts.findIndex(({ accelerator }) => accelerator === "native");
  return native < 0 ? attempts : attempts.slice(0, native + 1);
}

/** Whether the input `accelerator` leaves room for one. */
function isAllowed(accelerator: Accelerator, asked: Asked["accelerator"]): boolean {
  return accelerator === "native" || asked === "auto" || asked === accelerator;
}

/** The last resort knows best why it is none. */
function whyNoFurther(asked: Asked, site: BootSite, machine: MachineFacts): Refusal {
  const { target, architecture } = asked;
  const isEmulated = acceleratorsOf(target, architecture, architecture).includes("tcg");
  for (const vmm of vmmsOf(target).toReversed()) {
    const refusal = vmm.whyNot?.(asked, site, machine, isEmulated);
    if (refusal !== undefined) return refusal;
  }
  return target.vmms.length === 0 ? notBooted(target) : nothingElse(target);
}

function nothingElse({ name }: Target): Refusal {
  return { reason: "accelerator", summary: `${name} runs here in no other way`, remedy: "boot it on another machine" };
}

/**
 * What a target's images can run on, best first, before a machine is looked at.
 *
 * @param machine its architecture.
 */
export function acceleratorsOf(
  target: Target,
  architecture: Architecture,
  machine: Architecture,
): readonly Accelerator[] {
  return vmmsOf(target).flatMap((vmm) => vmm.accelerators(architecture, machine));
}

/**
 * What a boot on a machine of the image's own architecture, where everything works, runs the image in.
 *
 * @returns undefined where the asked accelerator leaves no way.
 */
export function usualWay(
  target: Target,
  architecture: Architecture,
  asked: Asked["accelerator"],
): { readonly vmm: Vmm; readonly accelerator: Accelerator } | undefined {
  return vmmsOf(target)
    .flatMap((vmm) => vmm.accelerators(architecture, architecture).map((accelerator) => ({ vmm, accelerator })))
    .find(({ accelerator }) => isAllowed(accelerator, asked));
}
