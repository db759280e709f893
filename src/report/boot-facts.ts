import type { Verdict } from "../boot/judge/verdict.js";
import type { Accelerator, Attempt, BootReport, ProbeReport, Span } from "../boot/report.js";
import { firstOf } from "../platform/log.js";
import type { Architecture } from "../target/architecture.js";
import type { TargetName } from "../target/target.js";

/** A boot as `boot.json` and `build-info.json` tell it. A field is null when it is not known. */
export interface BootFacts extends Verdict {
  /** null when the image was booted without scenarios. */
  readonly scenario: string | null;
  /** What the guest ran on at last; null when nothing ran. */
  readonly accelerator: Accelerator | null;
  /** Every try, in order: one that KVM failed is followed by one under emulation. */
  readonly attempts: readonly Attempt[];
  readonly probes: readonly ProbeReport[];
  readonly span: Span | null;
  /** Name of the file with the whole console, beside the file that tells this. */
  readonly console: string | null;
}

/** An image, its boots, and the name of each one's console. */
export interface BootedImage {
  /** The unikernel's name. */
  readonly unikernel: string;
  /** The image's file name. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly target: TargetName;
  readonly architecture: Architecture;
  readonly boots: readonly Boot[];
}

export interface Boot {
  readonly report: BootReport;
  /** Name of the file with the whole console. */
  readonly console: string | undefined;
}

export function bootFacts({ report, console }: Boot): BootFacts {
  const { verdict, attempts, scenario, probes, span } = report;
  return {
    scenario: scenario ?? null,
    ...verdict,
    accelerator: attempts.at(-1)?.accelerator ?? null,
    attempts,
    probes: probes ?? [],
    span: span ?? null,
    console: console ?? null,
  };
}

/** What is judged as a part of a whole. */
interface Judged {
  readonly verdict: Verdict;
}

/** The order in which verdicts count: one failure fails the whole. */
const gravest = ["failed", "skipped", "passed"] as const;
const shownNames = 10;

/** The first of those with the gravest verdict: what a step that booted all of them has to say of one. */
export function decisiveBoot<Boot extends Judged>(boots: readonly [Boot, ...Boot[]]): Boot {
  const [first, ...others] = boots;
  return others.reduce((decisive, boot) => (gravity(boot) < gravity(decisive) ? boot : decisive), first);
}

function gravity({ verdict }: Judged): number {
  return gravest.indexOf(verdict.verdict);
}

/** A boot, and what a list calls it. */
interface NamedBoot extends Judged {
  readonly name: string;
}

/** The verdict over several boots: the decisive one's, with a summary of all where there are several. */
export function overallVerdict(boots: readonly [NamedBoot, ...NamedBoot[]]): Verdict {
  const { verdict } = decisiveBoot(boots);
  if (boots.length === 1) return verdict;
  const names = boots.filter((boot) => boot.verdict.verdict === verdict.verdict).map(({ name }) => name);
  const which = verdict.verdict === "passed" ? "" : `: ${firstOf(names, shownNames).join(", ")}`;
  return { ...verdict, summary: `${names.length} of ${boots.length} scenarios ${verdict.verdict}${which}` };
}

const accelerators: Readonly<Record<Accelerator, string>> = { kvm: "KVM", tcg: "emulated", native: "native" };

/** What an attempt ran on, for a person: `KVM`, `emulated`, `emulated (helper VM)`, `native`. */
export function howItRan({ accelerator, inCarrier }: Pick<Attempt, "accelerator" | "inCarrier">): string {
  return inCarrier ? `${accelerators[accelerator]} (helper VM)` : accelerators[accelerator];
}
