import type { Dialect } from "../../targets/targets.js";
import { anyOf } from "./vmm-words.js";

/**
 * How a backend introduces itself on the console and announces an end. Patterns match one line without escape codes and
 * line ends. The words come from real consoles: test/fixtures/console.
 */
export interface DialectWords {
  /** The lines from the first to the last are not the unikernel's own output. */
  readonly banner: { readonly first: RegExp; readonly last: RegExp };
  readonly chrome: readonly RegExp[];
  /** Announcements of the guest's end: the last one counts. It may follow an unfinished line of the unikernel. */
  readonly ends: readonly EndWords[];
  /** A guest whose last words are one of these lines, perhaps followed by a dump, crashed. */
  readonly crash?: RegExp;
  /** Lines of such a dump. */
  readonly dump?: RegExp;
  /** The beginning of a line of the backend's log behind an unfinished line of the unikernel. */
  readonly glued?: RegExp;
  /** The last line of a guest whose machine cannot be switched off. */
  readonly halted?: RegExp;
}

export interface EndWords {
  /**
   * `exit`: one of the groups is the status. `unstarted`: the backend could not start the program. The first pattern
   * that matches a line decides.
   */
  readonly kind: "exit" | "abort" | "trap" | "unstarted";
  readonly pattern: RegExp;
}

/** Solo5's bindings/: exit.c, abort.c, cpu_x86_64.c, cpu_aarch64.c, platform.c, and its banner (0.3 to 0.13). */
const solo5: DialectWords = {
  banner: { first: /^\s+\|\s+___\|$/, last: /^Solo5: (?:Bindings version |Memory map: )/ },
  chrome: [/^Solo5: /],
  ends: [
    { kind: "exit", pattern: /Solo5: solo5_exit\((\d+)\) called$/ },
    { kind: "trap", pattern: /Solo5: (?:trap: type=|Trap: )/ },
    { kind: "abort", pattern: /Solo5: solo5_abort\(\) called$/ },
    { kind: "abort", pattern: /Solo5: ABORT: / },
  ],
  halted: /^Solo5: Halted$/,
};

/**
 * A line of Unikraft's log (lib/ukdebug/print.c, since 0.18 lib/ukprint/console.c): time, level, thread, caller,
 * library and place in its source, most of them optional. Copies of a console may show a space for each NUL that 0.18
 * and newer print. A line with a level alone is the program's own.
 */
const log = {
  time: String.raw`\[ {0,4}\d{1,12}\.\d{1,9}\] `,
  level: "(?:dbg|Info|Warn|ERR|CRIT): {1,3}",
  thread: String.raw`(?:<[^<>]{1,64}> |<<n/a>> )?(?:\{r:[^{}]{1,64}\} )?`,
  /** Up to 0.5 without brackets. */
  place: String.raw`(?:<[^<> ]{1,128} @ {1,4}\d{1,5}> {1,2}|[\w.-]{1,64} @ {1,4}\d{1,5} {0,4}: )?`,
  library: String.raw`\[[\w.-]{1,64}\] {1,2}`,
} as const;

function logLine(level: string, words: string): RegExp {
  const source = `${log.library}${log.place}`;
  const start = `${log.time}${level}${log.thread}(?:${source})?|${level}${log.thread}${source}`;
  return new RegExp(`^ ?(?:${start}) ?${words}`);
}

/** Without its level a line is the log's when it names one of Unikraft's libraries. */
function logged(words: string): RegExp {
  const bare = String.raw`^(?:${log.time})?\[lib[\w-]{1,61}\] {1,2}${log.place}`;
  return new RegExp(`${logLine(log.level, words).source}|${bare}${words}`);
}

export const unikraftLog = logLine(log.level, "");

/** libukboot logs no other errors (lib/ukboot/boot.c, 0.4 to 0.21), and UK_CRASH() stops there. */
const failedBoot = new RegExp(
  String.raw`^ ?(?:${log.time})?(?:ERR|CRIT): {1,3}${log.thread}\[libukboot\] {1,2}${log.place}`,
);

/** lib-lwip's init.c prints these before main and beside it. The start may be lost behind the firmware's line. */
const lwip = /^[a-z]{0,2}\d{1,3}: (?:Added|Removed|(?:Link|Interface) is (?:up|down)|Set IPv[46] address [\da-f])/;

/**
 * Of Unikraft 0.10 to 0.21: its banners (lib/ukboot/banner.c: default, classic, minimal), the ends of main and of the
 * boot (lib/ukboot/boot.c), exit() and abort() (lib/nolibc/stdlib.c, lib-musl's abort.c), and its last words: of traps
 * (plat/common/x86/traps.c, plat/common/arm/traps_arm64.c, lib/ukvmem) with their dumps, UK_CRASH and UK_ASSERT
 * (lib/ukdebug).
 */
const unikraft: DialectWords = {
  banner: {
    first: /^(?:Powered by(?:$| Unikraft [A-Z])|Welcome to {2}_ __ )/,
    last: /^(?:\s+[A-Z]\w+ \d+\.\d+\.\d+|Powered by Unikraft [A-Z]\w* \(\d)/,
  },
  chrome: [unikraftLog, lwip],
  ends: [
    { kind: "trap", pattern: logged("(?:Cannot handle \\w{1,16} page fault at |Guard page 0x)") },
    { kind: "trap", pattern: logged("(?:page fault|trap|event) handler returned error: ") },
    { kind: "trap", pattern: logged("Unhandled (?:page fault |Trap \\d)") },
    { kind: "trap", pattern: logged("EL\\d (?:(?:sync|invalid \\w{1,16}) trap caught|async tag check fault)$") },
    { kind: "trap", pattern: logged("(?:RIP|rip): (?:\\d{4}:)?[\\da-f]{8}") },
    { kind: "trap", pattern: logged("\\t? ?(?:SP|ESR_EL1|ELR_EL1) {0,7}: 0x") },
    { kind: "trap", pattern: logged("Assertion failure: ") },
    { kind: "trap", pattern: logged("Crashing$") },
    { kind: "trap", pattern: logged("Unikraft [Cc]rash - [A-Z]") },
    { kind: "trap", pattern: /^ ?CRIT: {1,3}Unikraft [Cc]rash - [A-Z]/ },
    { kind: "abort", pattern: logged("(?:abort called|Abnormal termination!)$") },
    { kind: "unstarted", pattern: logged("Failed to launch application's main\\(\\)") },
    { kind: "unstarted", pattern: logged("Init function at \\w{1,32} returned error ") },
    { kind: "unstarted", pattern: failedBoot },
    { kind: "unstarted", pattern: /^weak main\(\) called\. Symbol was not replaced!$/ },
    { kind: "exit", pattern: logged("(?:main returned|exit called with status) (-?\\d{1,10})(?:, halting system)?$") },
  ],
  // UK_CRASH() prints any text at this level, then resets the machine, as every end on Firecracker does.
  crash: logLine("CRIT: {1,3}", ""),
  dump: /^[\da-f]{4,16}:/,
  glued: /(?<=[^\s"'`“‘«])\[ {0,4}\d{1,12}\.\d{6}\] (?:dbg|Info|Warn|ERR|CRIT): /,
};

const silent: DialectWords = { banner: { first: /^(?!)/, last: /^(?!)/ }, chrome: [], ends: [] };

export const dialects: Readonly<Record<Dialect, DialectWords>> = { solo5, unikraft, process: silent };

/** All dialects at once, for a kernel without a backend's marks. */
export function anyDialect(): DialectWords {
  // Unikraft's images always carry marks (image/unikraft.ts), so the banner is Solo5's.
  return {
    ...unikraft,
    banner: solo5.banner,
    chrome: [...solo5.chrome, ...unikraft.chrome],
    ends: [...solo5.ends, ...unikraft.ends],
  };
}

/**
 * Output of QEMU's firmware before the guest's: its first line, and the text in front of the guest's first line. A boot
 * loader's output lasts until the banner.
 */
export const firmware = {
  first: /^SeaBIOS \(version /,
  loader: /^(?:Welcome to GRUB!|(?:SYS|ISO|EXT|PXE)LINUX \d)/,
  prefix: /^.*Booting from (?:ROM|Hard Disk(?: \d{1,2})?|DVD\/CD|Floppy)\.{2,3}/,
} as const;

/** Begins the last words of OCaml's runtime. */
export const ocamlDeathWords = "Fatal error: ";

/**
 * The last words of OCaml's runtime: `caml_fatal_uncaught_exception` (runtime/printexc.c) and `caml_fatal_error`
 * (runtime/misc.c). Known words may follow an unfinished line of the unikernel, others must begin a line. Patterns
 * match what follows {@link ocamlDeathWords}.
 */
export const ocamlDeath = [
  { reason: "exception", summary: "uncaught exception", begins: false, pattern: /^exception ./u },
  {
    reason: "abort",
    summary: "OCaml’s runtime gave up",
    begins: false,
    pattern: /^(?:out of memory|allocation failure|cannot allocate|[Nn]ot enough (?:heap )?memory)/u,
  },
  { reason: "abort", summary: "OCaml’s runtime gave up", begins: true, pattern: /^(?!exception )/u },
] as const;

const alike = ['"', "'", "`"];
const closing: Readonly<Record<string, string>> = { "“": "”", "‘": "’", "«": "»", "`": "'" };

/**
 * What follows {@link ocamlDeathWords} where they are not quoted: a program that reports the death of another quotes
 * them. Quoted is what directly follows an opening mark, if its closing mark follows later. Of marks that open and
 * close alike, an odd number leaves one open. Reads each character once: a hostile line has a thousand such words.
 */
export function ocamlDeaths(line: string): { readonly begins: boolean; readonly rest: string }[] {
  if (!line.includes(ocamlDeathWords)) return [];
  const parts = line.split(ocamlDeathWords);
  const found: { begins: boolean; rest: string }[] = [];
  const marks = new Map<string, number>();
  let at = line.length;
  for (let index = parts.length - 1; index > 0; index--) {
    const part = parts[index] ?? "";
    const before = parts[index - 1]?.at(-1) ?? "";
    for (const [mark] of part.matchAll(/["'`”’»]/g)) marks.set(mark, (marks.get(mark) ?? 0) + 1);
    const isQuoted = (alike.includes(before) && (marks.get(before) ?? 0) % 2 === 1) || marks.has(closing[before] ?? "");
    at -= part.length;
    const rest = line.slice(at);
    at -= ocamlDeathWords.length;
    if (!isQuoted) found.push({ begins: at === 0, rest });
  }
  return found;
}

/** What OCaml's runtime prints after a death (stdlib/printexc.ml, runtime/backtrace.c, abort()): no sign of life. */
export const ocamlAfterDeath: readonly RegExp[] = [
  /^(?:Raised|Re-raised|Called)\b.* in file "/,
  /^\(Program not linked with -g, cannot print stack backtrace\)$/,
  /^Fatal error in uncaught exception handler: /,
  /^Aborted$/,
];

/** What backends, firmware and VMMs print at the beginning of a line: text before it was put there by a log. */
export const landmark = anyOf(
  /Solo5: (?:Bindings version|Memory map: \d)|Logfile Opened$|Welcome to GRUB!|SeaBIOS \(version |iPXE \(http|Booting from ROM\.\./,
  /Powered by(?: Unikraft [A-Z]|$)|Welcome to {2}_ __ |Fatal error: /,
  /(?:\[ {0,4}\d{1,12}\.\d{1,9}\] )?(?:dbg|Info|Warn|ERR|CRIT): {1,3}(?:<[^<>]{1,64}> )?(?:\[lib|Unikraft [Cc]rash )/,
  /(?:solo5-(?:hvt|spt)|qemu-system-\w{1,32}): |KVM internal error\. Suberror: /,
  /\d{4}-\d\d-\d\dT[\d:.]{8,24}Z? \[[\w-]{1,64}:[\w -]{1,32}[:\]]/,
);

/** What GitHub's runner adds to a step's log. */
export const runnersLine =
  /^(?:##\[(?:group|endgroup|error|warning|notice|debug|section|command)\]|Error: Process completed with exit code \d)/;

/** What the line of a trap says of it, in Solo5's words for x86_64 processors or Unikraft's: ` (page fault)`. */
export function trapName(line: string): string {
  const known = trapNames.find(({ pattern }) => pattern.test(line));
  return known === undefined ? "" : ` (${known.name})`;
}

const trapNames = [
  { pattern: /type=#PF\b|\(page fault\)|[Pp]age fault at/, name: "page fault" },
  { pattern: /type=#GP\b|\(general protection\)/, name: "general protection fault" },
  { pattern: /type=#UD\b|\(invalid opcode\)/, name: "invalid instruction" },
  { pattern: /type=#DE\b|\(divide error\)/, name: "division by zero" },
  { pattern: /type=#DF\b|\(double fault\)/, name: "double fault" },
] as const;
