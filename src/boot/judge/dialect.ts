import type { Dialect } from "../../targets/targets.js";
import type { VmmProgram } from "../report.js";

/**
 * What the parties on a console say about themselves and about their end. Every pattern is matched against one line,
 * free of escape codes and line ends. The words are those of real consoles: test/fixtures/console.
 */
export interface DialectWords {
  /** A banner, from its first line to its last one; nothing in between is the unikernel's own output. */
  readonly banner: { readonly first: RegExp; readonly last: RegExp };
  /** Lines of the backend itself, wherever they stand: not the unikernel's own output. */
  readonly chrome: readonly RegExp[];
  /**
   * How the backend announces the guest's end. The last one before the VMM ends is the true one. It stands behind
   * whatever the unikernel left on an unfinished line.
   */
  readonly ends: readonly EndWords[];
  /**
   * When the guest is gone and its last words are one of these lines, perhaps with a dump behind it, it did not end by
   * itself.
   */
  readonly crash?: RegExp;
}

export interface EndWords {
  /** `exit`: the first group is the status. */
  readonly kind: "exit" | "abort" | "trap";
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

/**
 * Unikraft's ukboot banner, the levels of ukdebug's print.c, and its last words: the traps' (arm64, x86), UK_CRASH's,
 * UK_ASSERT's and abort's in lib-musl. On arm64 only they tell a crash from an end.
 */
const unikraft: DialectWords = {
  banner: { first: /Powered by$/, last: /^\s+[A-Z]\w+ \d+\.\d+\.\d+/ },
  chrome: [/^(?:\[\s*\d+\.\d+\] )?(?:dbg|Info|Warn|ERR|CRIT): /],
  ends: [
    { kind: "trap", pattern: /CRIT: .*\bEL\d .*\btrap caught/ },
    { kind: "trap", pattern: /CRIT: .*\bUnhandled Trap \d/ },
    { kind: "trap", pattern: /CRIT: .*\bUnikraft [Cc]rash\b/ },
    { kind: "trap", pattern: /CRIT: .*\bCrashing$/ },
    { kind: "trap", pattern: /CRIT: .*\bAssertion failure\b/ },
    { kind: "abort", pattern: /CRIT: .*\babort called$/ },
  ],
  // UK_CRASH() prints any text at this level, then resets the machine: on Firecracker that is every end.
  crash: /^(?:\[\s*\d+\.\d+\] )?CRIT: /,
};

const silent: DialectWords = { banner: { first: /(?!)/, last: /(?!)/ }, chrome: [], ends: [] };

export const dialects: Readonly<Record<Dialect, DialectWords>> = { solo5, unikraft, process: silent };

/** The words of several dialects at once, for a kernel that carries nobody's marks. */
export function anyDialect(): DialectWords {
  // Unikraft's images carry marks (image/unikraft.ts): the banner is Solo5's.
  return {
    ...unikraft,
    banner: solo5.banner,
    chrome: [...solo5.chrome, ...unikraft.chrome],
    ends: [...solo5.ends, ...unikraft.ends],
  };
}

/** What QEMU's firmware prints before the guest: whole lines, and what stands before the guest's first line. */
export const firmware = {
  lines: [/^SeaBIOS \(version /, /^iPXE \(/],
  prefix: /^.*Booting from ROM\.\./,
} as const;

/** What each of {@link ocamlDeath} has in it: told sooner than by their patterns. */
export const ocamlDeathWords = "Fatal error: ";

/**
 * Not behind a quotation mark whose closing one follows. Of marks that open and close alike, an odd number is one too many.
 * The rest of the line, which can be long, is looked at only behind the words, and only behind a mark: what looks back is read
 * from its end, so the mark stands there.
 */
const unquoted = [
  `(?=${ocamlDeathWords})`,
  ...['"', "'", "`"].map(
    (mark) => `(?<!(?=${mark}[^${mark}]*${mark}(?:[^${mark}]*${mark}[^${mark}]*${mark})*[^${mark}]*$)${mark})`,
  ),
  ...["“”", "‘’", "«»", "`'"].map(([open = "", close = ""]) => `(?<!(?=${open}[^${close}]*${close})${open})`),
].join("");

/**
 * OCaml's runtime when it gives up: `caml_fatal_uncaught_exception` (runtime/printexc.c) and `caml_fatal_error`
 * (runtime/misc.c). The words that are known stand behind whatever the unikernel printed without a line's end, others
 * at a line's beginning; a program that reports somebody else's death quotes them.
 */
export const ocamlDeath = [
  {
    reason: "exception",
    summary: "uncaught exception",
    pattern: new RegExp(`${unquoted}Fatal error: exception .`, "u"),
  },
  {
    reason: "abort",
    summary: "OCaml’s runtime gave up",
    pattern: new RegExp(
      `${unquoted}Fatal error: (?:out of memory|allocation failure|cannot allocate|[Nn]ot enough (?:heap )?memory)`,
      "u",
    ),
  },
  { reason: "abort", summary: "OCaml’s runtime gave up", pattern: /^Fatal error: (?!exception )/u },
] as const;

/** What the OCaml runtime prints after a death (stdlib/printexc.ml, runtime/backtrace.c, abort()): not a sign of life. */
export const ocamlAfterDeath: readonly RegExp[] = [
  /^(?:Raised|Re-raised|Called)\b.* in file "/,
  /^\(Program not linked with -g, cannot print stack backtrace\)$/,
  /^Fatal error in uncaught exception handler: /,
  /^Aborted$/,
];

/**
 * What VMMs print when KVM, and not the image, is at fault (docs/facts.md section 6): QEMU's accel/kvm and target/i386,
 * Solo5's tenders/hvt/hvt_kvm*.c, Firecracker's src/vmm/src/vstate. Each is the end of the boot.
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
 * The log of a VMM that writes it where its guest prints. Firecracker's (src/vmm/src/logger/logging.rs): the time,
 * `[INSTANCE:THREAD]` with the level and the origin where they were asked for, the message.
 */
export const vmmLogs: Readonly<Partial<Record<VmmProgram, RegExp>>> = {
  firecracker: /\b\d{4}-\d\d-\d\dT[\d:.]+Z? \[[\w-]+:[\w -]+(?::(?:ERROR|WARN|INFO|DEBUG|TRACE))?(?::[^\]\s]+)?\] /,
};

/**
 * Firecracker's words for a guest that fell over (a triple fault). Up to 1.14 it ended with 0 as for any end
 * (src/vmm/src/vstate/vcpu.rs), since 1.15 with 1 as for a failure of its own (src/vmm/src/arch/x86_64/vcpu.rs).
 */
export const guestShutdown = /\] (?:Received KVM_EXIT_SHUTDOWN signal|Unexpected exit reason on vcpu run: Shutdown\b)/;

/** What a tender says of a guest that left its memory or fell over. */
export const guestFaults =
  /^solo5-hvt: (?:KVM: (?:host\/guest translation fault|unhandled exit)|.*\bInvalid guest (?:access|port access|hypercall):)/;

/** What a VMM says in passing and goes on: no reason for anything. The tenders round `--mem` down, for one. */
export const vmmWarning =
  /\bwarning: |: adjusting memory to \d+ bytes$|: hypercall_poll\(\): |:(?:WARN|INFO|DEBUG|TRACE)(?::[^\]\s]+)?\] /i;

/** A VMM's own words, for transcripts in which its error stream and the console are mixed. */
export const vmmWords =
  /^(?:(?:solo5-(?:hvt|spt)|qemu-system-\w+): |KVM internal error\. |KVM: entry failed, |error: kvm run failed |Could not access KVM )/;
