import { Problem } from "../../platform/problem.js";
import type { ExitReport, Target } from "../../targets/targets.js";
import type { Probe } from "../probes/probe.js";
import type { Accelerator, VmmProgram } from "../report.js";
import { type DialectWords, anyDialect, dialects } from "./dialect.js";

/** What a boot is judged by; fixed before the guest starts. */
export interface Rules {
  readonly words: DialectWords;
  readonly exitReport: ExitReport;
  /** A guest that has died may stay there for ever (Unikraft): its last words decide once it has been silent for `graceMs`. */
  readonly mayHang: boolean;
  /** What the guest runs in. */
  readonly vmm: VmmProgram;
  readonly accelerator: Accelerator;
  /** Another accelerator is tried when this one fails. */
  readonly mayFallBack: boolean;
  readonly settleMs: number;
  readonly timeoutMs: number;
  /** How long a guest may be silent after its last words before it counts as gone, or, where its end would show, as alive. */
  readonly graceMs: number;
  readonly until: "auto" | "exit" | "running" | "expect";
  readonly expect: readonly RegExp[];
  readonly forbid: readonly RegExp[];
  /** What is asked over the network, as it was written; each must hold. */
  readonly probes: readonly string[];
  readonly expectExit?: number | undefined;
}

/** What a person may ask of a boot: the inputs of the same names. */
export interface Expectations {
  readonly until: Rules["until"];
  /** Seconds. */
  readonly settle: number;
  /** Seconds. */
  readonly timeout: number;
  readonly expect: readonly RegExp[];
  readonly forbid: readonly RegExp[];
  readonly probe: readonly Probe[];
  readonly expectExit?: number | undefined;
}

/** What will be booted, as far as its rules depend on it. */
export interface Guest {
  readonly target: Target;
  /**
   * The image carries its backend's marks. A kernel without any may speak as any backend does, and only its own words
   * tell how it ended.
   */
  readonly isMarked: boolean;
}

/** How much of this guest’s end can be known. */
export function exitReportOf({ target, isMarked }: Guest): ExitReport {
  return isMarked ? target.exitReport : "console";
}

/**
 * Refuses what could never be judged, before anything is started.
 *
 * @throws Problem
 */
export function checkExpectations(asked: Expectations, guest: Guest): void {
  if (asked.until === "expect" && asked.expect.length + asked.probe.length === 0) {
    throw new Problem("input until: `expect` waits for lines or answers, and the inputs expect and probe are empty", {
      do: "give `expect` or `probe`, or set `until: running`",
    });
  }
  if (asked.probe.length > 0 && (asked.until === "exit" || asked.expectExit !== undefined)) {
    throw new Problem("input probe asks a guest that runs, and an end of the guest is awaited", {
      found: asked.until === "exit" ? "`until: exit`" : `\`expect-exit: ${asked.expectExit ?? ""}\``,
      do: "leave one of the two out",
    });
  }
  if (asked.until !== "exit" && asked.expectExit === undefined && asked.settle >= asked.timeout) {
    throw new Problem(`input settle (${asked.settle} s) must be less than input timeout (${asked.timeout} s)`, {
      because: "a guest that runs is watched for `settle` seconds before it passes",
      do: "set `settle` lower or `timeout` higher",
    });
  }
  if (asked.expectExit === undefined) return;
  if (asked.until === "running") {
    throw new Problem("input expect-exit asks for an end, and `until: running` for none", {
      do: "leave one of the two out",
    });
  }
  if (exitReportOf(guest) === "none") {
    throw new Problem(`input expect-exit: nothing tells the exit status of ${guest.target.name}`, {
      because: "its VMM ends the same way whatever status the unikernel gave",
      do: "ask for a line on the console with `expect`",
    });
  }
}

/** Under emulation everything takes longer, and a `timeout` that fits KVM would fail guests that are well. */
const timeoutScale: Readonly<Record<Accelerator, number>> = { kvm: 1, native: 1, tcg: 3 };

/**
 * In a helper VM a virtual machine is emulated inside an emulated one: an OCaml guest that allocates 64 MiB until it dies
 * took 2 to 4 s there, where QEMU's own emulation takes 0.3 s. A settle that fits would not see it die.
 */
const helperVmSettleScale = 3;

/**
 * How long a guest may be silent after it said that it ended or after the words of an uncaught exception. Where the end
 * can be seen it follows at once and decides, and who is still there has only logged such words. Unikraft hangs instead
 * (https://github.com/unikraft/unikraft/issues/1493): there they count.
 */
const graceMs: Readonly<Record<ExitReport, number>> = { status: 3_000, console: 3_000, none: 700 };

/** What a boot is judged by. */
export function rulesFor(
  asked: Expectations,
  guest: Guest,
  { inHelperVm, ...machine }: Pick<Rules, "vmm" | "accelerator" | "mayFallBack"> & { readonly inHelperVm: boolean },
): Rules {
  const exitReport = exitReportOf(guest);
  return {
    words: guest.isMarked ? dialects[guest.target.dialect] : anyDialect(),
    exitReport,
    mayHang: guest.target.exitReport === "none",
    ...machine,
    until: asked.until,
    settleMs: asked.settle * 1000 * (inHelperVm ? helperVmSettleScale : 1),
    timeoutMs: asked.timeout * 1000 * timeoutScale[machine.accelerator],
    graceMs: graceMs[exitReport],
    expect: asked.expect,
    forbid: asked.forbid,
    probes: asked.probe.map(({ text }) => text),
    expectExit: asked.expectExit,
  };
}
