import { Problem, WrongUse } from "../../platform/problem.js";
import type { ExitReport, Target } from "../../targets/targets.js";
import type { Probe } from "../probes/probe.js";
import type { Accelerator } from "../report.js";
import { type DialectWords, anyDialect, dialects } from "./dialect.js";
import type { JudgedVmm } from "./vmm-words.js";

/** How a boot is judged; fixed before the guest starts. */
export interface Rules {
  readonly words: DialectWords;
  readonly exitReport: ExitReport;
  /** A dead guest may hang (Unikraft): its last words decide once it has been silent for `graceMs`. */
  readonly mayHang: boolean;
  readonly vmm: JudgedVmm;
  /**
   * A console on disk: it has no times, and its machine may have had no way to switch itself off. A guest that died is
   * then still there.
   */
  readonly isKept?: true;
  readonly accelerator: Accelerator;
  readonly mayFallBack: boolean;
  readonly settleMs: number;
  readonly timeoutMs: number;
  /** How long a guest may be silent after its last words until it counts as gone, or as alive if its end would show. */
  readonly graceMs: number;
  readonly until: "auto" | "exit" | "running" | "expect";
  readonly expect: readonly RegExp[];
  readonly forbid: readonly RegExp[];
  /** As written; each must hold. */
  readonly probes: readonly string[];
  readonly expectExit?: number | undefined;
}

/** The inputs of the same names. */
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

export interface Guest {
  readonly target: Target;
  /**
   * The image carries its backend's marks. A kernel without marks may print any backend's words, and only those show
   * how it ended.
   */
  readonly isMarked: boolean;
}

export function exitReportOf({ target, isMarked }: Guest): ExitReport {
  return isMarked ? target.exitReport : "console";
}

/** @throws Problem for expectations that could never be judged. */
export function checkExpectations(asked: Expectations, guest: Guest): void {
  if (asked.until === "expect" && asked.expect.length + asked.probe.length === 0) {
    throw new Problem("`until: expect` needs the input expect or probe, and both are empty", {
      do: "set `expect` or `probe`, or use `until: running`",
    });
  }
  if (asked.until === "exit" && exitReportOf(guest) === "none") {
    throw new WrongUse(`input until: \`exit\` cannot be judged for ${guest.target.name}`, {
      because: "after `exit N` or an uncaught exception Unikraft hangs, and looks like a server that waits",
      do: "let the program print a last line, match it with `expect`, and leave `until` empty",
    });
  }
  if (asked.probe.length > 0 && (asked.until === "exit" || asked.expectExit !== undefined)) {
    const other = asked.until === "exit" ? "until: exit" : `expect-exit: ${asked.expectExit ?? ""}`;
    throw new WrongUse(`input probe conflicts with \`${other}\``, {
      because: "a probe asks a running guest",
      do: "remove one of the two",
    });
  }
  if (asked.until !== "exit" && asked.expectExit === undefined && asked.settle >= asked.timeout) {
    throw new WrongUse(`input settle (${asked.settle} s) must be less than input timeout (${asked.timeout} s)`, {
      because: "a running guest is watched for `settle` seconds before it passes",
      do: "lower `settle` or raise `timeout`",
    });
  }
  if (asked.expectExit === undefined) return;
  if (asked.until === "running") {
    throw new WrongUse("input expect-exit conflicts with `until: running`", { do: "remove one of the two" });
  }
  if (exitReportOf(guest) === "none") {
    throw new WrongUse(`input expect-exit: ${guest.target.name} does not report an exit status`, {
      because: "its VMM exits the same way for every status",
      do: "match a line of the console with `expect`",
    });
  }
}

/** Emulation is slower: a `timeout` that fits KVM would fail healthy guests. */
const timeoutScale: Readonly<Record<Accelerator, number>> = { kvm: 1, native: 1, tcg: 3 };

/**
 * A helper VM emulates a virtual machine inside an emulated one: an OCaml guest that allocates 64 MiB until it dies
 * took 2 to 4 s there, and 0.3 s under QEMU's own emulation. An unscaled settle would not see it die.
 */
const helperVmSettleScale = 3;

/**
 * How long a guest may be silent after it announced its end or an uncaught exception. When the end shows, it follows at
 * once and decides; a guest that is still there only logged such words. Unikraft hangs instead
 * (https://github.com/unikraft/unikraft/issues/1493): there the words count.
 */
const graceMs: Readonly<Record<ExitReport, number>> = { status: 3_000, console: 3_000, none: 700 };

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
