import type { Accelerator, Attempt } from "../boot/report.js";
import { firstOf } from "../platform/log.js";
import type { BootRecord, ImageRecord } from "./schema.js";

/** One boot of several. */
type Judged = Pick<BootRecord, "scenario" | "verdict" | "reason" | "summary">;

/** One failure fails the whole; else one skip skips it. */
const gravest = ["failed", "skipped", "passed"] as const;
const shownNames = 10;

/** Why nothing was booted: where a boot was required, that is a failure, but one of a boot that ran is graver. */
export const skipReasons: readonly string[] = ["accelerator", "unsupported", "not-asked"];

/** The first boot with the gravest verdict: the boot that a step reports when it can report only one. */
export function decisiveBoot<Boot extends Judged>(boots: readonly [Boot, ...Boot[]]): Boot {
  const [first, ...others] = boots;
  return others.reduce((decisive, boot) => (gravity(boot) < gravity(decisive) ? boot : decisive), first);
}

function gravity({ verdict, reason }: Judged): number {
  return gravest.indexOf(verdict) + (verdict === "failed" && skipReasons.includes(reason) ? 0.5 : 0);
}

/**
 * The decisive boot; of several boots with a summary of all.
 *
 * @param file of the image: the name of a boot without a scenario.
 */
export function overallVerdict<Boot extends Judged>(boots: readonly [Boot, ...Boot[]], file: string): Boot {
  const decisive = decisiveBoot(boots);
  if (boots.length === 1) return decisive;
  const { verdict } = decisive;
  const names = boots.filter((boot) => boot.verdict === verdict).map(({ scenario }) => scenario ?? file);
  const which = verdict === "passed" ? "" : `: ${firstOf(names, shownNames).join(", ")}`;
  return { ...decisive, summary: `${names.length} of ${boots.length} scenarios ${verdict}${which}` };
}

/** The verdict on all boots of an image; undefined when it was not booted. */
export function imageVerdict({ boots: [first, ...others], file }: ImageRecord): BootRecord | undefined {
  return first && overallVerdict([first, ...others], file);
}

const accelerators: Readonly<Record<Accelerator, string>> = { kvm: "KVM", tcg: "emulated", native: "native" };

/** How an attempt ran: `KVM`, `emulated`, `emulated (helper VM)` or `native`. */
export function howItRan({ accelerator, inCarrier }: Pick<Attempt, "accelerator" | "inCarrier">): string {
  return inCarrier ? `${accelerators[accelerator]} (helper VM)` : accelerators[accelerator];
}
