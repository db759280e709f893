import type { Tender } from "../target/tender.js";
import { type AttemptPlan, hasTaps } from "./attempt-plan.js";
import { planCarrier } from "./monitors/carrier.js";
import { planFirecracker } from "./monitors/firecracker.js";
import { planLoader } from "./monitors/loader.js";
import { planQemu } from "./monitors/qemu.js";
import { planTender } from "./monitors/solo5.js";
import type { MachineFacts, PlanRequest } from "./plan-request.js";
import { type Refusal, refuse } from "./refusal.js";

/** Ways to run the image, best first; the next one is for when the accelerator of the one before fails. */
export interface BootPlan {
  readonly attempts: readonly AttemptPlan[];
  /** Why there is no further way: the verdict when all attempts, perhaps none, failed by their accelerator. */
  readonly otherwise: Refusal;
}

/** Decides how to run an image on a machine. Pure: the same question always gives the same commands. */
export function planBoot(request: PlanRequest, machine: MachineFacts): BootPlan {
  return { attempts: attemptsFor(request, machine), otherwise: refuse(request, machine) };
}

function attemptsFor(request: PlanRequest, machine: MachineFacts): AttemptPlan[] {
  const { architecture, target, accelerator, places } = request;
  const sameArchitecture = architecture === machine.architecture;
  const kvm = sameArchitecture && accelerator !== "tcg" && machine.kvm === "open";
  const emulate = accelerator !== "kvm" && target.emulated.includes(architecture);
  const carrier = (tender: Tender) =>
    emulate && machine.tenders.includes(architecture)
      ? [
          planCarrier(architecture, tender, request, {
            kernel: places.carriers[architecture].kernel,
            initrd: places.initrd,
          }),
        ]
      : [];
  switch (target.monitor) {
    case "qemu":
      return [
        ...(kvm ? [planQemu(architecture, { accelerator: "kvm", isNestedAmd: machine.isNestedAmd }, request)] : []),
        ...(emulate ? [planQemu(architecture, { accelerator: "tcg" }, request)] : []),
      ];
    case "solo5-hvt":
      return [...(kvm && hasTaps(request) ? [planTender("solo5-hvt", "kvm", request)] : []), ...carrier("solo5-hvt")];
    case "solo5-spt":
      return sameArchitecture && hasTaps(request) ? [planTender("solo5-spt", "native", request)] : carrier("solo5-spt");
    case "firecracker":
      return [
        ...(kvm && hasTaps(request) ? [planFirecracker(architecture, { config: places.firecrackerConfig })] : []),
        ...(emulate ? [planLoader(request, { loader: places.loader })] : []),
      ];
    case "process":
      return sameArchitecture
        ? [{ monitor: "process", accelerator: "native", argv: [request.imagePath, ...request.args] }]
        : [];
    case "none":
      return [];
  }
}
