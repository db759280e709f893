import type { Architecture } from "../targets/architecture.js";
import type { Target } from "../targets/targets.js";
import type { Accelerator } from "./report.js";
import { notBooted } from "./vmms/refusal.js";
import type { Asked, AttemptPlan, BootSite, MachineFacts, Refusal, Vmm } from "./vmms/vmm.js";
import { vmms, vmmsOf } from "./vmms/vmms.js";

/** Ways to run the image, best first; the next one is tried when the accelerator of the one before fails. */
export interface BootPlan {
  readonly attempts: readonly AttemptPlan[];
  /** The verdict when every attempt failed because of its accelerator, or there is no attempt. */
  readonly otherwise: Refusal;
}

/** Decides how to run an image on a machine. Pure. */
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
  // A way without an accelerator cannot fail because of it: no fallback is needed after it.
  const native = attempts.findIndex(({ accelerator }) => accelerator === "native");
  return native < 0 ? attempts : attempts.slice(0, native + 1);
}

function isAllowed(accelerator: Accelerator, asked: Asked["accelerator"]): boolean {
  return accelerator === "native" || asked === "auto" || asked === accelerator;
}

/** The last VMM of the row gives the best reason: it would have been the last resort. */
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
  return { reason: "accelerator", summary: `nothing else here can run ${name}`, remedy: "boot it on another machine" };
}

/** The accelerators that a target's images can use on a machine of an architecture, best first. */
export function acceleratorsOf(
  target: Target,
  architecture: Architecture,
  machine: Architecture,
): readonly Accelerator[] {
  return vmmsOf(target).flatMap((vmm) => vmm.accelerators(architecture, machine));
}

/** How an image runs on a machine of its own architecture where everything works; undefined when it cannot. */
export function usualWay(
  target: Target,
  architecture: Architecture,
  asked: Asked["accelerator"],
): { readonly vmm: Vmm; readonly accelerator: Accelerator } | undefined {
  return vmmsOf(target)
    .flatMap((vmm) => vmm.accelerators(architecture, architecture).map((accelerator) => ({ vmm, accelerator })))
    .find(({ accelerator }) => isAllowed(accelerator, asked));
}
