import type { Dialect } from "../../targets/targets.js";
import type { VmmProgram } from "../report.js";

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
}

export interface EndWords {
  /** `exit`: the first group is the status. */
  readonly kind: "exit" | "abort" | "trap";
  /** Words somewhere before the pattern. */
  readonly after?: string;
  readonly pattern: RegExp;
}

/** Solo5's bindings/: exit.c, abort.c, cpu_x86_64.c, cpu_aarch64.c, and its banner. */
const solo5: DialectWords = {
  banner: { first: /^\s+\|\s+___\|$/, last: /^Solo5: Bindings version / },
  chrome: [/^Solo5: /],
  ends: [
    { kind: "exit", pattern: /Solo5: solo5_exit\((\d+)\) called$/ },
    { kind: "trap", pattern: /Solo5: (?:trap: type=|Trap: )/ },
    { kind: "abort", pattern: /Solo5: solo5_abort\(\) called$/ },
    { kind: "abort", pattern: /Solo5: ABORT: / },
  ],
};

const critical = "CRIT: ";

/**
 * Unikraft's ukboot banner, the levels of ukdebug's print.c, and its last words: of traps (arm64, x86), UK_CRASH,
 * UK_ASSERT and lib-musl's abort. On arm64 only they distinguish a crash from an exit.
 */
const unikraft: DialectWords = {
  banner: { first: /Powered by$/, last: /^\s+[A-Z]\w+ \d+\.\d+\.\d+/ },
  chrome: [/^(?:\[\s*\d+\.\d+\] )?(?:dbg|Info|Warn|ERR|CRIT): /],
  ends: [
    { kind: "trap", after: critical, pattern: /\bEL\d .{0,80}\btrap caught/ },
    { kind: "trap", after: critical, pattern: /\bUnhandled Trap \d/ },
    { kind: "trap", after: critical, pattern: /\bUnikraft [Cc]rash\b/ },
    { kind: "trap", after: critical, pattern: /\bCrashing$/ },
    { kind: "trap", after: critical, pattern: /\bAssertion failure\b/ },
    { kind: "abort", after: critical, pattern: /\babort called$/ },
  ],
  // UK_CRASH() prints any text at this level, then resets the machine, as every end on Firecracker does.
  crash: /^(?:\[\s*\d+\.\d+\] )?CRIT: /,
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

/** Output of QEMU's firmware before the guest's: whole lines, and the text in front of the guest's first line. */
export const firmware = {
  lines: [/^SeaBIOS \(version /, /^iPXE \(/],
  prefix: /^.*Booting from ROM\.\./,
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

/**
 * Lines of VMMs that blame KVM rather than the image (docs/facts.md section 6): QEMU's accel/kvm and target/i386,
 * Solo5's tenders/hvt/hvt_kvm*.c, Firecracker's src/vmm/src/vstate. Each ends the boot.
 */
export const kvmFailures: readonly RegExp[] = [
  /^KVM internal error\. Suberror: /,
  /^KVM: entry failed, hardware error /,
  /^error: kvm run failed /,
  /^Could not access KVM kernel module: /,
  /failed to set MSR/,
  /failed to initialize kvm/i,
  /\bkvm_init_vcpu\b/,
  /^solo5-hvt: KVM: (?!host\/guest translation fault|unhandled exit)/,
  /^solo5-hvt: Could not open: \/dev\/kvm/,
  /\] Received KVM_EXIT_(?:FAIL_ENTRY|INTERNAL_ERROR) signal/,
  /\bError creating the Kvm object\b/,
];

/**
 * The prefix of a VMM's log lines on the guest's console. Firecracker's (src/vmm/src/logger/logging.rs): the time, then
 * `[INSTANCE:THREAD]` with the optional level and origin.
 */
export const vmmLogs: Readonly<Partial<Record<VmmProgram, RegExp>>> = {
  firecracker: /\b\d{4}-\d\d-\d\dT[\d:.]+Z? \[[\w-]+:[\w -]+(?::(?:ERROR|WARN|INFO|DEBUG|TRACE))?(?::[^\]\s]+)?\] /,
};

/**
 * Firecracker's words for a triple fault. Up to 1.14 it exits with 0 as for any end (src/vmm/src/vstate/vcpu.rs), since
 * 1.15 with 1 as for a failure of its own (src/vmm/src/arch/x86_64/vcpu.rs).
 */
export const guestShutdown = /\] (?:Received KVM_EXIT_SHUTDOWN signal|Unexpected exit reason on vcpu run: Shutdown\b)/;

/** A tender's words for a guest that left its memory or crashed. */
export const guestFaults = anyOf(
  /^solo5-hvt: KVM: (?:host\/guest translation fault|unhandled exit)/,
  /^solo5-hvt: .*\bInvalid guest (?:access|port access|hypercall):/,
);

/** Lines after which a VMM continues: they explain nothing. (The tenders round `--mem` down, for example.) */
export const vmmWarning =
  /\bwarning: |: adjusting memory to \d+ bytes$|: hypercall_poll\(\): |:(?:WARN|INFO|DEBUG|TRACE)(?::[^\]\s]{1,256})?\] /i;

/** A VMM's own lines, for transcripts that mix its error stream with the console. */
export const vmmWords = anyOf(
  /^(?:solo5-(?:hvt|spt)|qemu-system-\w+): /,
  /^(?:KVM internal error\. |KVM: entry failed, |error: kvm run failed |Could not access KVM )/,
);

function anyOf(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => source).join("|"));
}
