import type { VmmEnd } from "../../platform/process/vmm-process.js";
import { guestResetStatus, loaderRefusalStatus } from "../vmms/loader.js";
import { trapName } from "./dialect.js";
import { signalOf } from "./events.js";
import type { Findings } from "./findings.js";
import type { Rules } from "./rules.js";
import type { Announcement, Transcript } from "./transcript.js";
import type { Evidence, RuleName } from "./verdict.js";
import { type JudgedVmm, guestFaults, stopWords } from "./vmm-words.js";

export type Ending =
  | { readonly kind: "exit"; readonly status: number; readonly evidence?: Evidence | undefined }
  | { readonly kind: "abort" | "trap"; readonly summary: string; readonly evidence?: Evidence | undefined }
  /** The backend could not start the program. */
  | { readonly kind: "unstarted"; readonly evidence: Evidence }
  | { readonly kind: "reset" }
  /** The guest is gone without evidence how. */
  | { readonly kind: "unknown" }
  /** The guest did not run, or was cut off: the VMM is at fault. */
  | { readonly kind: "monitor"; readonly summary: string; readonly evidence?: Evidence | undefined };

export type EndFacts = VmmEnd &
  Pick<Rules, "exitReport" | "vmm"> &
  Pick<Transcript, "announcement" | "lastLine" | "crash" | "bannerSeen"> &
  Pick<Findings, "complaint" | "guestSpoke" | "wasReset" | "wasStopped" | "stopLine">;

/** How the end of a VMM shows the end of its guest. The rule holds when all of `when` do. */
export interface EndRule {
  readonly rule: RuleName;
  readonly when: readonly ((facts: EndFacts) => boolean)[];
  readonly ending: (facts: EndFacts) => Ending;
}

/** Their guest runs in their own process: what kills one kills both. */
const sharesProcess: readonly JudgedVmm[] = ["solo5-spt", "process"];
const guestWasKilled = ({ vmm, guestSpoke, signal }: EndFacts) =>
  sharesProcess.includes(vmm) && (guestSpoke || signal !== "SIGSYS" || vmm === "process");

/** A processor trap kills a process with one of these. */
const trapSignals: readonly (string | null)[] = ["SIGSEGV", "SIGILL", "SIGBUS", "SIGFPE", "SIGTRAP", "SIGSYS"];

/** A person or a program ends another with these; no VMM sends them to itself. */
export const stopSignals: readonly (string | null)[] = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"];

const stoppedFromOutside = (vmm: string, signal?: string | null) =>
  `${vmm} was stopped from outside${typeof signal === "string" ? ` by ${signal}` : ""}`;

/** isa-debug-exit's (value << 1) | 1: 41 ends Solo5 and Unikraft, 42 is a Unikraft crash (docs/facts.md section 5). */
const guestEndStatus = 83;
const unikraftCrashStatus = 85;

/** QEMU's statuses after a power-off by the guest, and after isa-debug-exit. Any other status is QEMU's own. */
const guestEndStatuses: readonly (number | null)[] = [0, guestEndStatus, unikraftCrashStatus, guestResetStatus];

/** Of a shell, or of `env` and `timeout`, that cannot run a program. */
const shellStatuses: readonly (number | null)[] = [126, 127];

const vmmFault = (summary: string, evidence?: Evidence): Ending => ({ kind: "monitor", summary, evidence });
const couldNotRun = ({ vmm, complaint }: EndFacts) => vmmFault(`${vmm} could not run the image`, complaint);

/** Exit lines count only in Unikraft's log: any other program's output may contain one. */
const failureAnnounced = ({ announcement, exitReport }: EndFacts) =>
  announcement?.kind === "exit" ? exitReport === "none" && announcement.status !== 0 : announcement !== undefined;

/** Solo5 on Xen crashes its domain after a trap, an abort and this exit status (`SOLO5_EXIT_ABORT`). */
const abortStatus = 255;
const crashAnnounced = ({ announcement }: EndFacts) =>
  announcement !== undefined && (announcement.kind !== "exit" || announcement.status === abortStatus);

/** The first rule that holds decides (docs/facts.md section 5). */
export const endRules: Readonly<Record<"any" | "process" | "machine", readonly EndRule[]>> = {
  any: [
    {
      rule: "monitor-failure",
      when: [({ failure }) => failure !== undefined],
      ending: ({ failure = "", complaint }) => vmmFault(failure, complaint),
    },
    {
      rule: "monitor-line",
      when: [({ stopLine }) => stopLine !== undefined],
      ending: ({ vmm, stopLine }) => {
        const signal = signalOf(Number(stopWords.exec(stopLine?.line ?? "")?.[1]));
        return vmmFault(stoppedFromOutside(vmm, signal), stopLine);
      },
    },
    {
      rule: "machine-event",
      when: [({ wasStopped }) => wasStopped],
      ending: ({ vmm, complaint }) => vmmFault(stoppedFromOutside(vmm), complaint),
    },
    {
      // A crash on the console says more than the restart that followed it.
      rule: "machine-event",
      when: [({ wasReset }) => wasReset, (facts) => !failureAnnounced(facts), ({ crash }) => crash === undefined],
      ending: () => ({ kind: "reset" }),
    },
  ],
  /** The VMM's status is the guest's. */
  process: [
    {
      rule: "signal",
      when: [guestWasKilled, ({ signal }) => trapSignals.includes(signal)],
      ending: ({ signal }) => ({ kind: "trap", summary: `killed by ${signal ?? ""}` }),
    },
    {
      rule: "signal",
      when: [guestWasKilled, ({ signal }) => signal === "SIGABRT"],
      ending: ({ signal }) => ({ kind: "abort", summary: `killed by ${signal ?? ""}` }),
    },
    {
      rule: "signal",
      when: [({ signal }) => [...stopSignals, "SIGKILL"].includes(signal)],
      ending: ({ vmm, signal }) => vmmFault(stoppedFromOutside(vmm, signal)),
    },
    {
      rule: "signal",
      when: [({ signal }) => signal !== null],
      ending: ({ vmm, signal, complaint }) => vmmFault(`${vmm} was killed by ${signal ?? ""}`, complaint),
    },
    {
      rule: "end-line",
      when: [failureAnnounced, ({ code }) => code !== 0],
      ending: ({ announcement }) => announcedEnding(announcement),
    },
    {
      rule: "monitor-line",
      when: [({ complaint }) => complaint !== undefined && guestFaults.test(complaint.line)],
      ending: ({ complaint }) => ({ kind: "trap", summary: "the guest crashed", evidence: complaint }),
    },
    {
      // A tender that refuses an image exits with 1 like a guest's `exit 1`, but explains it on its error stream.
      rule: "monitor-line",
      when: [
        ({ code }) => code === 1,
        ({ announcement }) => announcement === undefined,
        ({ vmm, complaint }) => complaint?.line.startsWith(`${vmm}: `) === true,
      ],
      ending: couldNotRun,
    },
    {
      rule: "exit-status",
      when: [
        ({ code }) => shellStatuses.includes(code),
        ({ vmm }) => vmm !== "process",
        ({ bannerSeen }) => !bannerSeen,
        ({ announcement }) => announcement === undefined,
      ],
      ending: ({ vmm, lastLine }) => vmmFault(`${vmm} was not found, or is not executable`, lastLine),
    },
    {
      rule: "exit-status",
      when: [],
      ending: ({ code, announcement }) => ({ kind: "exit", status: code ?? 0, evidence: announcement?.evidence }),
    },
  ],
  /** The VMM's status is its own, or the same for many ends. */
  machine: [
    {
      rule: "signal",
      when: [({ signal }) => stopSignals.includes(signal)],
      ending: ({ vmm, signal }) => vmmFault(stoppedFromOutside(vmm, signal)),
    },
    {
      rule: "signal",
      when: [({ signal }) => signal !== null],
      ending: ({ vmm, signal, complaint }) => vmmFault(`${vmm} was killed by ${signal ?? ""}`, complaint),
    },
    {
      rule: "machine-event",
      when: [({ guest }) => guest === "crashed", (facts) => !crashAnnounced(facts)],
      ending: ({ lastLine }) => ({ kind: "trap", summary: "its hypervisor reports a crash", evidence: lastLine }),
    },
    {
      // It may crash on its way out, after main has returned 0.
      rule: "exit-status",
      when: [
        ({ exitReport }) => exitReport === "none",
        ({ code }) => code === unikraftCrashStatus,
        (facts) => !failureAnnounced(facts),
      ],
      ending: ({ crash }) => ({ kind: "trap", summary: "Unikraft crashed", evidence: crash }),
    },
    {
      rule: "end-line",
      when: [({ announcement }) => announcement !== undefined],
      ending: ({ announcement }) => announcedEnding(announcement),
    },
    {
      rule: "exit-status",
      when: [({ code }) => code === loaderRefusalStatus],
      ending: ({ lastLine }) => vmmFault("the image could not be loaded", lastLine),
    },
    {
      rule: "exit-status",
      when: [({ code }) => code === 1, ({ complaint, guestSpoke }) => complaint !== undefined || !guestSpoke],
      ending: couldNotRun,
    },
    {
      rule: "exit-status",
      when: [({ code }) => !guestEndStatuses.includes(code)],
      ending: ({ vmm, code, complaint }) => vmmFault(`${vmm} exited with status ${code ?? "unknown"}`, complaint),
    },
    {
      // When only crashes have another status, a good status is trusted.
      rule: "crash-line",
      when: [
        ({ crash }) => crash !== undefined,
        ({ exitReport, code }) => exitReport !== "none" || code !== guestEndStatus,
      ],
      ending: ({ crash }) => ({ kind: "trap", summary: "Unikraft crashed", evidence: crash }),
    },
  ],
};

const noRule: EndRule = { rule: "monitor-end", when: [], ending: () => ({ kind: "unknown" }) };

/** How the guest ended, given the end of its VMM, and the rule that decided. */
export function endingOf(end: VmmEnd, findings: Findings): { readonly rule: RuleName; readonly ending: Ending } {
  const { complaint, guestSpoke, wasStopped, stopLine } = findings;
  const { exitReport, vmm } = findings.rules;
  const { announcement, lastLine, crash, bannerSeen } = findings.transcript;
  const facts: EndFacts = {
    ...end,
    exitReport,
    vmm,
    announcement,
    lastLine,
    crash,
    bannerSeen,
    complaint,
    guestSpoke,
    wasReset: findings.wasReset || end.guest === "reset",
    wasStopped,
    stopLine,
  };
  const rules = [...endRules.any, ...endRules[exitReport === "status" ? "process" : "machine"]];
  const { rule, ending } = rules.find(({ when }) => when.every((holds) => holds(facts))) ?? noRule;
  return { rule, ending: ending(facts) };
}

export function announcedEnding(announcement: Announcement | undefined): Ending {
  switch (announcement?.kind) {
    case "exit":
      return announcement;
    case "unstarted":
      return { kind: "unstarted", evidence: announcement.evidence };
    case "abort":
      return { ...announcement, summary: "aborted" };
    case "trap":
      return { ...announcement, summary: `the processor trapped${trapName(announcement.evidence.line)}` };
    case undefined:
      return { kind: "unknown" };
  }
}
