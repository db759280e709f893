import type { Debugged } from "../vmms/vmm.js";
import { quote } from "../../platform/process/process.js";
import { type CrashReason, type Frame, crashAddresses, functionName } from "./frames.js";

/** What gdb prints in front of each of its backtraces. */
const marks = { stopped: "[stopped]", trapped: "[trapped]", called: "[called]" } as const;

/** Functions that end a guest which gives up. */
const abortions = ["abort", "solo5_abort"];

/**
 * The command that runs an image under gdb and prints backtraces of its crash.
 *
 * Breakpoints are the processor's own: loading the image would overwrite others. gdb goes on after an error, such as a
 * function that the image lacks.
 *
 * @param symbols absolute path of the image with its debug information.
 * @param stops breakpoints: functions, with conditions.
 */
export function debuggerCommand(
  gdb: string,
  symbols: string,
  { kind, argv }: Debugged,
  stops: readonly string[],
): readonly [string, ...string[]] {
  const start =
    kind === "remote"
      ? [`target remote | exec ${argv.map(quote).join(" ")}`]
      : ["starti", `add-symbol-file "${symbols.replace(/["\\]/g, (mark) => `\\${mark}`)}"`];
  const commands = [
    "set pagination off",
    "set confirm off",
    "set width 0",
    "set filename-display absolute",
    ...start,
    ...stops.map((stop) => `hbreak *&${stop}`),
    "continue",
    `echo ${marks.stopped}\\n`,
    backtrace,
    // A handler's stack begins with what the processor pushed: an error code or none, rip, cs, rflags, rsp.
    "set $pushed = $rsp + (*(unsigned long *) ($rsp + 8) - 1 < 0xff ? 0 : 8)",
    "set $stack = *(unsigned long *) ($pushed + 24)",
    "set $rip = *(unsigned long *) $pushed",
    "set $rsp = $stack",
    `echo ${marks.trapped}\\n`,
    backtrace,
    // A jump to where no code is: its caller's address is still on the stack.
    "set $rip = *(unsigned long *) $rsp",
    "set $rsp = $rsp + 8",
    `echo ${marks.called}\\n`,
    backtrace,
    "kill",
  ];
  const file = kind === "remote" ? [symbols] : ["--args", ...argv];
  return [gdb, "-batch", "-nx", "-iex", "set auto-load off", ...commands.flatMap((each) => ["-ex", each]), ...file];
}

/** The command that prints the backtrace in a core file, and the caller of a jump to where no code is. */
export function dumpCommand(gdb: string, symbols: string, dump: string): readonly [string, ...string[]] {
  const commands = [
    "set width 0",
    "set filename-display absolute",
    `echo ${marks.stopped}\\n`,
    backtrace,
    `echo ${marks.called}\\n`,
    "frame view $sp + 8 *(unsigned long *) $sp",
  ];
  return [
    gdb,
    "-batch",
    "-nx",
    "-iex",
    "set auto-load off",
    ...commands.flatMap((each) => ["-ex", each]),
    symbols,
    dump,
  ];
}

/** A stack without end is no use to anybody. */
const backtrace = "backtrace 40";

/**
 * The breakpoints where a guest that failed for this reason is seen to fail.
 *
 * @param lines its console, in which Solo5 names the exception of the processor, and Unikraft the address.
 */
export function stopsFor(reason: CrashReason, lines: readonly string[]): readonly string[] {
  if (reason === "exception") return [];
  if (reason === "abort") return abortions;
  const solo5 = lines.flatMap((line) => {
    const [, mnemonic = ""] = /^Solo5: trap: type=#([A-Z]{2})\b/.exec(line) ?? [];
    const vector = vectors[mnemonic];
    return vector === undefined ? [] : [`cpu_trap_${vector}`];
  });
  if (solo5.length > 0) return solo5;
  // Unikraft does not always name the exception, and has harmless page faults.
  const { at } = crashAddresses(lines.filter((line) => line.includes(" RIP: "))) ?? {};
  if (at === undefined) return [];
  const word = (offset: number) => `*(unsigned long *) ($rsp + ${offset})`;
  return unikraftTraps.map((name) => `asm_trap_${name} if ${word(0)} == ${at} || ${word(8)} == ${at}`);
}

/** Unikraft's plat/common/x86/cpu_vectors_x86_64.S has a handler for each; those that an address or code leads to. */
const unikraftTraps = ["page_fault", "gp_fault", "stack_error", "double_fault", "invalid_op", "divide_error"];

/** The exceptions of x86_64 processors: Solo5's cpu_vectors_x86_64.S has a handler for each. */
const vectors: Readonly<Record<string, number>> = {
  DE: 0,
  OF: 4,
  BR: 5,
  UD: 6,
  NM: 7,
  DF: 8,
  TS: 10,
  NP: 11,
  SS: 12,
  GP: 13,
  PF: 14,
  MF: 16,
  AC: 17,
  XM: 19,
};

/**
 * Reads what {@link debuggerCommand} printed.
 *
 * @returns the frames of the crash, the innermost first; none when the guest did not stop, or gdb knows no function.
 */
export function framesOfDebugger(output: string): readonly Frame[] {
  const [stopped, trapped, called] = [marks.stopped, marks.trapped, marks.called].map((mark) =>
    framesAfter(output, mark),
  );
  const isHandler = /^(?:cpu|asm)_trap_/.test(stopped?.[0]?.function ?? "");
  if (!isHandler) return stopped?.[0] === undefined ? (called ?? []) : stopped;
  // Without a function of its own, the first frame was no code.
  return [trapped, called].find((frames) => frames?.[0] !== undefined) ?? [];
}

function framesAfter(output: string, mark: string): readonly Frame[] {
  const lines = output.slice(output.indexOf(mark) + mark.length).split("\n");
  const end = lines.findIndex((line, index) => index > 0 && /^(?:\[|\[Inferior )/.test(line));
  return lines.slice(0, end < 0 ? lines.length : end).flatMap((line): Frame[] => {
    const [, name, place] = /^#\d{1,4} +(?:0x[0-9a-f]+ in )?([^ <?]\S*) \([^]*\)(?: at (\S+))?$/.exec(line) ?? [];
    if (name === undefined) return [];
    const [, file, number] = /^(.+):(\d{1,9})$/.exec(place ?? "") ?? [];
    return [
      {
        function: functionName(name),
        ...(file === undefined ? {} : { source: { file, line: Number(number) } }),
      },
    ];
  });
}
