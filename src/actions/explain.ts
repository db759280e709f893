import { createReadStream } from "node:fs";
import { type TranscriptEnd, endWith, explainStream } from "../boot/judge/explain.js";
import { type Rules, checkExpectations, rulesFor } from "../boot/judge/rules.js";
import type { Verdict } from "../boot/judge/verdict.js";
import { usualWay } from "../boot/plan.js";
import { printedJson } from "../platform/log.js";
import { Problem, messageOf, WrongUse } from "../platform/problem.js";
import { type Target, targets } from "../targets/targets.js";
import { withTarget, type Inputs } from "./interface.js";

export interface ExplainOptions {
  readonly exitCode?: string;
  readonly timedOut?: boolean;
  readonly stillRunning?: boolean;
}

/**
 * Prints the verdict for a saved console, as JSON or as a few lines.
 *
 * @param given the inputs of the boot that wrote it.
 * @returns whether the verdict is not `failed`.
 */
export async function explain(
  path: string,
  given: Inputs,
  options: ExplainOptions,
  print: (text: string) => void,
  asJson: boolean,
): Promise<boolean> {
  const target = targets[withTarget(given).target];
  if (given.arch !== undefined && !target.architectures.includes(given.arch)) {
    throw new Problem(`${target.name} does not exist for ${given.arch}`, { accepted: target.architectures.join(", ") });
  }
  const verdict = await verdictFor(path, given, options, target);
  if (asJson) print(`${printedJson(verdict)}\n`);
  else {
    print(`${verdict.verdict}: ${verdict.summary} (${verdict.reason})\n`);
    if (verdict.rule !== undefined) print(`rule      ${verdict.rule}\n`);
    if (verdict.evidence !== undefined) print(`evidence  ${verdict.evidence.line}\n`);
    if (verdict.remedy !== undefined) print(`do        ${verdict.remedy}\n`);
  }
  return verdict.verdict !== "failed";
}

async function verdictFor(path: string, given: Inputs, options: ExplainOptions, target: Target): Promise<Verdict> {
  const guest = { target, isMarked: true };
  // The guest no longer runs, so probes cannot be repeated.
  const asked = { ...given, probe: [] };
  checkExpectations(asked, guest);
  const rules = rulesFor(asked, guest, { ...wayOf(target, given), mayFallBack: false });
  return explainStream(readConsole(path), (told) => endOf(options, told), rules);
}

async function* readConsole(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Buffer;
  } catch (error) {
    throw new Problem(`${path} cannot be read: ${messageOf(error)}`);
  }
}

/** @param told the end that the file's last line records. */
function endOf(options: ExplainOptions, told: TranscriptEnd | undefined): TranscriptEnd {
  const given = givenEnd(options);
  const end = told ?? given?.end;
  if (end === undefined) throw notOneEnd();
  if (told !== undefined && given !== undefined && !isSameEnd(told, given.end)) {
    const line = told.kind === "exit" ? `[exit=${told.status}]` : "[exit=124], the status of `timeout`";
    throw new Problem(`${given.option} contradicts the last line of the file`, {
      found: line,
      do: "leave out the option, or correct that line",
    });
  }
  return end;
}

function givenEnd({ exitCode, timedOut, stillRunning }: ExplainOptions): GivenEnd | undefined {
  const ends: GivenEnd[] = [
    ...(exitCode === undefined ? [] : [{ option: `--exit-code ${exitCode}`, end: endOfStatus(exitCode) }]),
    ...(timedOut === true ? [{ option: "--timed-out", end: { kind: "stopped" } as const }] : []),
    ...(stillRunning === true ? [{ option: "--still-running", end: { kind: "stopped" } as const }] : []),
  ];
  if (ends.length > 1) throw notOneEnd();
  return ends[0];
}

interface GivenEnd {
  /** As the user wrote it. */
  readonly option: string;
  readonly end: TranscriptEnd;
}

const isSameEnd = (one: TranscriptEnd, other: TranscriptEnd): boolean =>
  one.kind === "exit" ? other.kind === "exit" && one.status === other.status : other.kind === "stopped";

const notOneEnd = () =>
  new WrongUse("give exactly one of --exit-code, --timed-out, --still-running", {
    accepted:
      "--exit-code N (the VMM’s exit status), --timed-out or --still-running; no option if the file " +
      "ends with a line `[exit=N]`",
  });

function endOfStatus(exitCode: string): TranscriptEnd {
  const status = /^\d{1,3}$/.test(exitCode) ? Number(exitCode) : 256;
  if (status > 255)
    throw new WrongUse(`--exit-code: ${JSON.stringify(exitCode)} is not accepted`, { accepted: "0 to 255" });
  return endWith(status);
}

/** How the guest ran, according to the inputs. A failure of KVM shows in the console itself. */
function wayOf(
  target: Target,
  { arch, accelerator }: Inputs,
): Pick<Rules, "vmm" | "accelerator"> & { readonly inHelperVm: boolean } {
  if (target.vmms.length === 0) return { vmm: "the hypervisor", accelerator: "native", inHelperVm: false };
  for (const architecture of arch === undefined ? target.architectures : [arch]) {
    const way = usualWay(target, architecture, accelerator);
    if (way === undefined) continue;
    return { vmm: way.vmm.program, accelerator: way.accelerator, inHelperVm: way.vmm.isHelperVm === true };
  }
  throw new WrongUse(`input accelerator: ${accelerator} cannot run ${target.name} for ${arch ?? "any architecture"}`, {
    do: "leave the input empty",
  });
}
