import type { ConsoleFile } from "../platform/files/console-file.js";
import type { VmmProcess } from "../platform/process/vmm-process.js";
import { type Interrogation, guestEvents } from "./guest-events.js";
import { GuestOutput } from "./guest-output.js";
import { judgeInTime, Judge } from "./judge/judge.js";
import type { Rules } from "./judge/rules.js";
import type { Verdict } from "./judge/verdict.js";
import type { ProbeReport } from "./report.js";

export interface AttemptResult {
  readonly verdict: Verdict;
  readonly consoleEnd: readonly string[];
  readonly vmmSaid: readonly string[];
  readonly probes: readonly ProbeReport[];
}

/**
 * Watches a running VMM until its guest is judged, then ends it. The VMM is gone on return.
 *
 * @param file receives every byte of the console.
 */
export async function judgeGuest(
  vmm: VmmProcess,
  rules: Rules,
  file: ConsoleFile,
  interrogate?: Interrogation,
): Promise<AttemptResult> {
  const judge = new Judge(rules);
  const output = new GuestOutput(file);
  let verdict: Verdict | undefined;
  for await (const events of guestEvents(vmm, rules, output, () => judge.deadlineMs, interrogate)) {
    verdict = judgeInTime(judge, events);
    if (verdict !== undefined) break;
  }
  if (verdict === undefined) throw new Error("the judge made no decision at the end of a VMM");
  // Read only here: output that arrives until the VMM is gone belongs to the console.
  return { verdict, consoleEnd: output.consoleEnd, vmmSaid: output.vmmSaid, probes: judge.probes };
}
