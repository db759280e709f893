import type { Accelerator, Attempt } from "../boot/report.js";
import { firstOf } from "../platform/log.js";
import type { BootRecord, ImageRecord } from "./schema.js";

/** What is judged as a part of a whole. */
type Judged = Pick<BootRecord, "scenario" | "verdict" | "summary">;

/** The order in which verdicts count: one failure fails the whole. */
const gravest = ["failed", "skipped", "passed"] as const;
const shownNames = 10;

/** The first of those with the gravest verdict: what a step that booted all of them has to say of one. */
export function decisiveBoot<Boot extends Judged>(boots: readonly [Boot, ...Boot[]]): Boot {
  const [first, ...others] = boots;
  return others.reduce((decisive, boot) => (gravity(boot) < gravity(decisive) ? boot : decisive), first);
}

function gravity({ verdict }: Judged): number {
  return gravest.indexOf(verdict);
}

/**
 * The decisive boot, with a summary of all where there are several.
 *
 * @param file of the image: what a boot without a scenario is called.
 */
export function overallVerdict<Boot extends Judged>(boots: readonly [Boot, ...Boot[]], file: string): Boot {
  const decisive = decisiveBoot(boots);
  if (boots.length === 1) return decisive;
  const { verdict } = decisive;
  const names = boots.filter((boot) => boot.verdict === verdict).map(({ scenario }) => scenario ?? file);
  const which = verdict === "passed" ? "" : `: ${firstOf(names, shownNames).join(", ")}`;
  return { ...decisive, summary: `${names.length} of ${boots.length} scenarios ${verdict}${which}` };
}

/** The verdict over all boots of an image; undefined when it was not booted. */
export function imageVerdict({ boots: [first, ...others], file }: ImageRecord): BootRecord | undefined {
  return first && overallVerdict([first, ...others], file);
}

const accelerators: Readonly<Record<Accelerator, string>> = { kvm: "KVM", tcg: "emulated", native: "native" };

/** What an attempt ran on, for a person: `KVM`, `emulated`, `emulated (helper VM)`, `native`. */
export function howItRan({ accelerator, inCarrier }: Pick<Attempt, "accelerator" | "inCarrier">): string {
  return inCarrier ? `${accelerators[accelerator]} (helper VM)` : accelerators[accelerator];
}
