import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { type TranscriptEnd, explainConsole, splitTranscript } from "../../../src/boot/judge/explain.js";
import { type Rules, rulesFor } from "../../../src/boot/judge/rules.js";
import type { Verdict } from "../../../src/boot/judge/verdict.js";
import { vmmsOf } from "../../../src/boot/vmms/vmms.js";
import { type TargetName, targets } from "../../../src/targets/targets.js";

/** A console, how it ended, and the verdict that is right for it when nothing else is asked. */
export interface Case {
  readonly name: string;
  readonly console: Uint8Array;
  readonly end: TranscriptEnd;
  readonly rules: Rules;
  readonly right: string;
}

export function judge({ console, end, rules }: Case, asked: Partial<Rules> = {}): Verdict {
  return explainConsole(console, end, { ...rules, ...asked });
}

/** The rules of a boot of which nothing is asked; for emulation without the longer time that it is given. */
export function rulesOf(name: TargetName, accelerator: Rules["accelerator"], isMarked = true): Rules {
  const target = targets[name];
  const vmm = vmmsOf(target)[0]?.program ?? "process";
  const nothing = { until: "auto", settle: 3, timeout: 60, expect: [], forbid: [], probe: [] } as const;
  const machine = { vmm, accelerator, mayFallBack: vmm === "qemu" && accelerator === "kvm", inHelperVm: false };
  return { ...rulesFor(nothing, { target, isMarked }, machine), timeoutMs: 60_000 };
}

const folder = new URL("../../fixtures/console/", import.meta.url);

/** test/fixtures/console/README.md: the right verdict by what the program does. */
const rightByProgram: Readonly<Record<string, string>> = {
  hello: "passed exited",
  "mirage-hello": "passed exited",
  args: "passed exited",
  cmdl: "passed exited",
  dev: "passed exited",
  exc: "failed exception",
  exit3: "failed exit-status",
  abrt: "failed abort",
  pf: "failed trap",
  fail: "failed exception",
  hang: "passed ready",
  nodevice: "failed monitor",
  wrongtarget: "failed monitor",
  mem1: "failed monitor",
  wrongkernel: "failed monitor",
  "mirage-help": "failed exit-status",
  quiet: "skipped exited",
};

/** Consoles of real unikernels: `<architecture>-<target>[-<how>]-<program>.txt`, the monitor's status as last line. */
export const realConsoles: readonly Case[] = readdirSync(folder)
  .filter((file) => file.endsWith(".txt"))
  .map((file) => {
    const name = /^(?:x86_64|aarch64)-(unikraft-qemu|hvt|spt|virtio)(?:-(tcg|kvmhost|brokenkvm))?-(.+)\.txt$/.exec(
      file,
    );
    if (name === null) throw new Error(`unknown name ${file}`);
    const [, target = "", how = "", program = ""] = name;
    const bytes = readFileSync(new URL(file, folder));
    const { console, end } = splitTranscript(bytes);
    if (end === undefined) throw new Error(`no end in ${file}`);
    return {
      name: file,
      console,
      end,
      rules: rulesOf(target as TargetName, how === "tcg" ? "tcg" : target === "spt" ? "native" : "kvm"),
      right:
        how === "brokenkvm" || how === "kvmhost"
          ? "skipped accelerator"
          : (rightByProgram[program] ?? "unknown program"),
    };
  });

const firmware = "\u001bc\u001b[?7l\u001b[2J\u001b[0mSeaBIOS (version 1.16.2-debian-1.16.2-1)";
const solo5Banner = [
  "            |      ___|",
  "  __|  _ \\  |  _ \\ __ \\",
  "\\__ \\ (   | | (   |  ) |",
  "____/\\___/ _|\\___/____/",
  "Solo5: Bindings version v0.12.1",
  "Solo5: Memory map: 32 MB addressable:",
];
const unikraftBanner = [
  "Powered by",
  "o.   .o       _ _               __ _",
  "                 Helene 0.18.0~6056466f",
];
const stopped: TranscriptEnd = { kind: "stopped" };
const exit = (status: number): TranscriptEnd => ({ kind: "exit", status });

const classicBanner = [
  "Welcome to  _ __             _____",
  " __ _____  (_) /__ _______ _/ _/ /_",
  "              Calypso 0.17.0~ddc5bf7",
];

/** The banners that Unikraft can be built with: default in three alphabets, classic, minimal. */
const banners: readonly (readonly string[])[] = [
  unikraftBanner,
  ["Powered by", "■▖   ▖■       _ _               __ _", "                  Telesto 0.16.2~d3c9d0a"],
  [
    "\u001b[0m\u001b[37mPowered by",
    "\u001b[1m\u001b[31mo\u001b[0m.",
    "\u001b[0m                Pan 0.19.0~1234567\u001b[0m",
  ],
  classicBanner,
  ["Powered by Unikraft Helene (0.18.0~20800b7)"],
  [firmware, "Booting from ROM..Powered by Unikraft Kiviuq (0.20.0~667ac92)"],
];

const colour = (code: number, text: string) => `\u001b[0m\u001b[${code}m${text}\u001b[0m`;

/** The beginnings of a line of Unikraft's log, by its options: time, thread, caller, place, colours. */
const logStarts: readonly ((level: "CRIT" | "ERR" | "Info", words: string) => string)[] = [
  (level, words) => `[    0.372817] ${level}: [libukboot] <boot.c @  544> ${words}`,
  (level, words) => `[12345.372817] ${level}:  [libukvmem] ${words}`,
  (level, words) => `${level}: [libkvmplat] ${words}`,
  (level, words) => `[    0.372817] ${level}: ${words}`,
  (level, words) => ` [    0.103665] ${level}:  ${words}`,
  (level, words) => `[    0.372817] ${level}: <main> {r:0x11a2b0,f:0x40001f} [libukboot] <boot.c @ 1544> ${words}`,
  (level, words) => `${level}: <<n/a>> [libukboot] ${words}`,
  (_, words) => `[libukboot] ${words}`,
  (_, words) => `[    0.372817] [libukboot] ${words}`,
  (level, words) =>
    `${colour(32, "[    0.372817] ")}${colour(41, `${level}:`)} ${colour(33, "[libukboot] ")}\0${words}\u001b[0m\0`,
];

type Short = readonly [
  name: string,
  right: string,
  target: TargetName,
  accelerator: Rules["accelerator"],
  end: TranscriptEnd,
  lines: readonly string[],
];

/** What the corpus has no console of; the words are those of the named sources. */
const written: readonly Short[] = [
  [
    "a banner behind a log’s times",
    "failed no-output",
    "hvt",
    "kvm",
    stopped,
    solo5Banner.map((line, index) => `[10:00:0${index}] ${line}`),
  ],
  [
    "a banner between the runner’s lines",
    "failed no-output",
    "hvt",
    "kvm",
    stopped,
    ["##[group]Run", ...solo5Banner, "##[error]Process completed with exit code 1."],
  ],
  [
    "QEMU’s KVM error behind the firmware’s line",
    "skipped accelerator",
    "virtio",
    "kvm",
    stopped,
    [firmware, "Booting from ROM..KVM internal error. Suberror: 1", "emulation failure"],
  ],
  [
    "QEMU’s KVM error behind a line of the guest",
    "skipped accelerator",
    "virtio",
    "kvm",
    stopped,
    [firmware, "progress 10%KVM internal error. Suberror: 1", "emulation failure"],
  ],
  [
    "a banner, and what the runner has to say",
    "failed no-output",
    "hvt",
    "kvm",
    stopped,
    [...solo5Banner, "##[warning]No space left on device"],
  ],
  [
    "the banner of Solo5 before 0.6 (mirage/mirage#918)",
    "passed ready",
    "hvt",
    "kvm",
    stopped,
    [...solo5Banner.filter((line) => !line.includes("Bindings")), "listening"],
  ],
  [
    "GRUB alone (QubesOS/qubes-issues#6162)",
    "failed no-output",
    "virtio",
    "tcg",
    stopped,
    ["Welcome to GRUB!", "WARNING: no console will be available to OS", "and boot..."],
  ],
  ["SeaBIOS’s disk alone", "failed no-output", "virtio", "tcg", stopped, [firmware, "Booting from Hard Disk 0..."]],
  [
    "a guest that halts its processor after a good end (bindings/virtio/platform.c)",
    "passed exited",
    "virtio",
    "tcg",
    stopped,
    [...solo5Banner, "hello", "Solo5: solo5_exit(0) called", "Solo5: Halted"],
  ],
  [
    "a guest that halts its processor after another program’s exception and a good end",
    "passed exited",
    "virtio",
    "tcg",
    stopped,
    [
      ...solo5Banner,
      "Fatal error: exception Exit",
      "that was the other one",
      "Solo5: solo5_exit(0) called",
      "Solo5: Halted",
    ],
  ],
  [
    "words like the backend’s, and the guest goes on",
    "passed ready",
    "virtio",
    "tcg",
    stopped,
    [...solo5Banner, "hello", "Solo5: Halted", "that was another one’s log"],
  ],
  [
    "an exception whose end the copy lacks",
    "failed exception",
    "virtio",
    "tcg",
    stopped,
    [...solo5Banner, "Fatal error: exception Not_found"],
  ],
  [
    "another program’s exception, and the guest goes on",
    "passed ready",
    "virtio",
    "tcg",
    stopped,
    [...solo5Banner, "Fatal error: exception Not_found", "so much for the log"],
  ],
  ...[solo5Banner, [firmware, "Booting from ROM..", ...solo5Banner]].map((beginning): Short => [
    "a guest that restarts its machine (unikraft/unikraft#1371)",
    "failed reboot-loop",
    "virtio",
    "tcg",
    stopped,
    [...beginning, "starting", ...beginning, "starting"],
  ]),
  [
    "firmware that starts again and again (rumpkernel/rumprun#134)",
    "failed reboot-loop",
    "virtio",
    "tcg",
    stopped,
    [firmware, "Booting from ROM..", firmware, "Booting from ROM.."],
  ],
  [
    "a restart, and a normal end after it",
    "failed reboot-loop",
    "unikraft-qemu",
    "tcg",
    exit(83),
    [...unikraftBanner, "starting", ...unikraftBanner, "done"],
  ],
  [
    "a crash that restarts the machine",
    "failed trap",
    "unikraft-qemu",
    "tcg",
    stopped,
    [...unikraftBanner, "starting", "[    0.1] CRIT: [libkvmplat] Crashing", ...unikraftBanner, "starting"],
  ],
  [
    "two boots in a log: the first ended well",
    "failed exit-status",
    "virtio",
    "tcg",
    exit(83),
    [...solo5Banner, "hi", "Solo5: solo5_exit(0) called", ...solo5Banner, "hi", "Solo5: solo5_exit(3) called"],
  ],
  [
    "two boots in a log: the VMM of the first was stopped",
    "passed ready",
    "virtio",
    "tcg",
    stopped,
    [...solo5Banner, "hi", "qemu-system-x86_64: terminating on signal 15 from pid 7 (sh)", ...solo5Banner, "hi"],
  ],
  [
    "a QEMU that a person ended (chardev/char-mux.c)",
    "failed monitor",
    "virtio",
    "tcg",
    exit(0),
    [...solo5Banner, "hello", "QEMU: Terminated"],
  ],
  [
    "a QEMU that a person ended in the middle of a line",
    "failed monitor",
    "unikraft-qemu",
    "tcg",
    exit(0),
    [...unikraftBanner, "hello", "progress 10%QEMU: Terminated"],
  ],
  ...["-device pvpanic: 'pvpanic' is not a valid device model name", "Parameter 'x' is unexpected"].map(
    (words): Short => [
      `kraft’s words for QEMU’s (unikraft/kraftkit#723): ${words}`,
      "failed monitor",
      "unikraft-qemu",
      "tcg",
      exit(1),
      [` E  could not start and wait for QEMU process: qemu-system-aarch64: ${words}`, "exit status 1"],
    ],
  ),
  [
    "QEMU without KVM that goes on by emulation",
    "failed exit-status",
    "virtio",
    "kvm",
    exit(83),
    [
      "Could not access KVM kernel module: No such file or directory",
      "qemu-system-x86_64: failed to initialize kvm: No such file or directory",
      "qemu-system-x86_64: falling back to tcg",
      ...solo5Banner,
      "hello",
      "Solo5: solo5_exit(3) called",
    ],
  ],
  [
    "firmware with much to say (Solo5/solo5#429)",
    "failed no-output",
    "virtio",
    "tcg",
    stopped,
    [firmware, "Total RAM Size = 0x0000000040000000 = 1024 MiB", "CPUs found: 1     Max CPUs supported: 1"],
  ],
  [
    "a copy that begins within the firmware’s lines",
    "failed no-output",
    "virtio",
    "tcg",
    stopped,
    ["iPXE (https://ipxe.org) 00:02.0 CA00 PCI2.10 PnP PMM+01F8D330+01ECD330 CA00", "Booting from ROM.."],
  ],
  [
    "a tender that is not installed",
    "failed monitor",
    "hvt",
    "kvm",
    exit(127),
    ["./boot.sh: line 3: solo5-hvt: command not found"],
  ],
  ["a tender that is not executable", "failed monitor", "spt", "native", exit(126), []],
  ["a guest with a shell’s status", "failed exit-status", "spt", "native", exit(127), [...solo5Banner, "hello"]],
  [
    "a guest with a shell’s status, and without a banner",
    "failed exit-status",
    "spt",
    "native",
    exit(127),
    ["Solo5: solo5_exit(127) called"],
  ],
  ["a process with a shell’s status", "failed exit-status", "unix", "native", exit(127), ["hello"]],
  ["a guest with another status, and without a banner", "failed exit-status", "spt", "native", exit(3), ["hello"]],
  ["a process that dies by its pipe", "failed monitor", "unix", "native", exit(141), ["hello"]],
  ...(["SIGSYS", "SIGSEGV", "SIGABRT"] as const).map((signal): Short => [
    `a tender of hvt that dies by ${signal} (urunc-dev/urunc#648)`,
    "failed monitor",
    "hvt",
    "kvm",
    exit(128 + constants.signals[signal]),
    signal === "SIGSYS" ? [] : [...solo5Banner, "hello"],
  ]),
  ["a tender of spt that dies before its guest", "failed monitor", "spt", "native", exit(159), []],
  ["a guest of spt that calls the system", "failed trap", "spt", "native", exit(159), [...solo5Banner, "hello"]],
  ["a process that calls the system", "failed trap", "unix", "native", exit(159), []],
  ["QEMU that Linux killed for its memory", "failed monitor", "virtio", "tcg", exit(137), [...solo5Banner, "hello"]],
  [
    "lib-lwip’s lines alone (unikraft/kraftkit#903)",
    "failed no-output",
    "unikraft-qemu",
    "tcg",
    stopped,
    ["en1: Added", ...unikraftBanner, "en1: Interface is up", "en1: Set IPv4 address 10.0.2.15 mask 255.255.255.0"],
  ],
  [
    "an image without a main (unikraft/unikraft#767)",
    "failed no-output",
    "unikraft-qemu",
    "tcg",
    exit(83),
    [
      ...unikraftBanner,
      "weak main() called. Symbol was not replaced!",
      "[    0.1] Info: [libukboot] main returned -22",
    ],
  ],
  ["SeaBIOS alone", "failed no-output", "virtio", "tcg", stopped, [firmware]],
  ["SeaBIOS that has handed over", "failed no-output", "virtio", "tcg", stopped, [firmware, "Booting from ROM.."]],
  [
    "SeaBIOS and iPXE",
    "failed no-output",
    "virtio",
    "tcg",
    stopped,
    [firmware, "iPXE (https://ipxe.org) 00:02.0 CA00 PCI2.10 PnP PMM+01F8D330+01ECD330 CA00"],
  ],
  ["Solo5’s banner alone", "failed no-output", "virtio", "tcg", stopped, solo5Banner],
  ["Unikraft’s banner alone", "failed no-output", "unikraft-qemu", "tcg", stopped, unikraftBanner],
  [
    "Unikraft’s own log alone (ukdebug/print.c)",
    "failed no-output",
    "unikraft-qemu",
    "tcg",
    stopped,
    [...unikraftBanner, "[    0.080626] Info: [libukboot] <boot.c @  472> Calling main(1, ['hello'])"],
  ],
  [
    "a trap of Unikraft on arm64 (traps_arm64.c)",
    "failed trap",
    "unikraft-qemu",
    "tcg",
    exit(0),
    [...unikraftBanner, "before", "[    0.085377] CRIT: [libkvmplat] <traps_arm64.c @  210> EL1 sync trap caught"],
  ],
  [
    "a trap of Unikraft on x86_64 (traps.c)",
    "failed trap",
    "unikraft-qemu",
    "tcg",
    stopped,
    [
      ...unikraftBanner,
      "before",
      "[    0.2] CRIT: [libkvmplat] <traps.c @   84> Unhandled Trap 14 (page fault), error code=0x2",
    ],
  ],
  [
    "abort() on Unikraft for arm64, where QEMU ends with 0 all the same (a real console)",
    "failed abort",
    "unikraft-qemu",
    "tcg",
    { kind: "exit", status: 0 },
    [...unikraftBanner, "about to abort", "[    0.242575] CRIT: [libmusl] <abort.c @    7> abort called"],
  ],
  ...[stopped, exit(85)].flatMap((end): Short[] =>
    [
      "[   12.5] CRIT: [libukboot] <boot.c @  268> Failed to initialize memory allocator",
      "[    2.4] CRIT: [libukboot] boot.c @ 267  : Could not create main thread",
      "ERR:  [libukboot] boot.c @ 92   : Init function at 0x10a2c0 returned error -1",
    ].map((line) => [
      `a boot of Unikraft that fails (lib/ukboot/boot.c): ${line}`,
      "failed no-output",
      "unikraft-qemu",
      "tcg",
      end,
      [firmware, "Booting from ROM...", line],
    ]),
  ),
  [
    "Unikraft’s crash screen (unikraft/catalog#258)",
    "failed trap",
    "unikraft-qemu",
    "tcg",
    stopped,
    [
      ...unikraftBanner,
      "before",
      "[    0.807213] CRIT: Unikraft Crash - Kiviuq (0.20.0~667ac92)",
      "[    0.808308] CRIT:   cx xo",
    ],
  ],
  [
    "a page fault on Firecracker, which ends as everything does (a real console’s words)",
    "failed trap",
    "unikraft-firecracker",
    "tcg",
    exit(253),
    [...unikraftBanner, "before", "[    0.161] CRIT: [libkvmplat] <traps.c @  113> Crashing"],
  ],
  [
    "a crash that Unikraft tells in other words, and no status tells (UK_CRASH)",
    "failed trap",
    "unikraft-firecracker",
    "tcg",
    exit(253),
    [...unikraftBanner, "before", "[    0.161] CRIT: [libukalloc] <alloc.c @  11> Out of pages"],
  ],
  [
    "a critical message of a guest that goes on and ends",
    "passed exited",
    "unikraft-qemu",
    "tcg",
    exit(83),
    [...unikraftBanner, "[    0.1] CRIT: [libmain] <main.c @  11> low on entropy", "done"],
  ],
  ...[
    ...banners.map((banner, index): Short => [
      `Unikraft’s banner ${index} alone`,
      "failed no-output",
      "unikraft-qemu",
      "tcg",
      stopped,
      banner,
    ]),
    ...banners.map((banner, index): Short => [
      `Unikraft’s banner ${index} and an end`,
      "failed no-output",
      "unikraft-qemu",
      "tcg",
      exit(0),
      banner,
    ]),
    ...[unikraftBanner, classicBanner].map((banner): Short => [
      `half of Unikraft’s banner: ${banner[0] ?? ""}`,
      "failed no-output",
      "unikraft-qemu",
      "tcg",
      stopped,
      banner.slice(0, 2),
    ]),
    ...logStarts.flatMap(
      (start) =>
        [
          ...[
            "Cannot handle write page fault at 0xffffc6e78 (ec: 0x2): Bad address (14).",
            "Guard page 0x1000 of stack VMA 0x1000 - 0x9000 hit!",
            "page fault handler returned error: -14",
            "event handler returned error: -14",
            "Unhandled Trap 8 (double fault), error code=0x0",
            "Unhandled page fault vaddr=0, error code=0x10",
            "EL1 sync trap caught",
            "EL1 invalid error trap caught",
            "EL1 async tag check fault",
            "RIP: 00000010088df442 CS: 0008",
            "rip: 0008:0000000000113413",
            "\t SP       : 0x000000004001f0a0",
            "\t ESR_EL1  : 0x0000000096000006",
            "Assertion failure: thread != NULL",
            "Crashing",
            "Unikraft Crash - Kiviuq (0.20.0~667ac92)",
            "Unikraft crash - Telesto (0.16.2~3a5017b)",
          ].map((words): Short => [
            `a trap of Unikraft, and it hangs: ${start("CRIT", words)}`,
            "failed trap",
            "unikraft-qemu",
            "tcg",
            stopped,
            ["before", start("CRIT", words)],
          ]),
          [
            "Unikraft’s crash screen without times",
            "failed trap",
            "unikraft-qemu",
            "tcg",
            stopped,
            ["before", "CRIT: Unikraft Crash - Pandora (0.15.0~689db89)", 'CRIT: Thread "main"@0x40b5e7020'],
          ],
          ...["abort called", "Abnormal termination!"].map((words): Short => [
            `an abort of Unikraft, and it hangs: ${start("CRIT", words)}`,
            "failed abort",
            "unikraft-qemu",
            "tcg",
            stopped,
            ["before", start("CRIT", words)],
          ]),
          ...["main returned 3", "main returned 3, halting system", "exit called with status 3, halting system"].map(
            (words): Short => [
              `the end of Unikraft’s main: ${start("Info", words)}`,
              "failed exit-status",
              "unikraft-qemu",
              "tcg",
              exit(83),
              ["before", start("Info", words)],
            ],
          ),
          ...["Failed to launch application's main()", "Init function at 0x11a2b0 returned error -12"].map(
            (words): Short => [
              `Unikraft never calls main: ${start("ERR", words)}`,
              "failed no-output",
              "unikraft-qemu",
              "tcg",
              exit(83),
              [...unikraftBanner, start("ERR", words)],
            ],
          ),
          [
            `Unikraft’s log alone: ${start("Info", "Calling main(1, ['hello'])")}`,
            "failed no-output",
            "unikraft-qemu",
            "tcg",
            stopped,
            start("Info", "").includes("[lib") && !start("Info", "").includes("Info")
              ? unikraftBanner
              : [start("Info", "Calling main(1, ['hello'])")],
          ],
        ] as Short[],
    ),
  ],
  [
    "the loader cannot start the image",
    "failed monitor",
    "unikraft-firecracker",
    "tcg",
    exit(97),
    ["loader: the image needs more memory than there is"],
  ],
  [
    "Solo5’s abort without a trap (bindings/crt.c)",
    "failed abort",
    "virtio",
    "tcg",
    exit(83),
    [...solo5Banner, "before", "Solo5: ABORT: Stack corruption detected"],
  ],
  [
    "OCaml’s fatal error (runtime/misc.c)",
    "failed abort",
    "unikraft-qemu",
    "tcg",
    stopped,
    [...unikraftBanner, "Fatal error: allocation failure during minor GC"],
  ],
  [
    "OCaml’s fatal error that nobody knows yet",
    "failed abort",
    "unikraft-qemu",
    "tcg",
    stopped,
    [...unikraftBanner, "Fatal error: the domain is lost"],
  ],
  ...["out of memory", "allocation failure during minor GC", "not enough memory for startup"].map((words): Short => [
    `OCaml’s fatal error behind an unfinished line: ${words}`,
    "failed abort",
    "unikraft-qemu",
    "tcg",
    stopped,
    [...unikraftBanner, `progress 10%Fatal error: ${words}`],
  ]),
  [
    "OCaml’s fatal error with abort()’s word",
    "failed abort",
    "unikraft-qemu",
    "tcg",
    stopped,
    [...unikraftBanner, "Fatal error: allocation failure during minor GC", "Aborted"],
  ],
  ...[
    'Raised at Stdlib.failwith in file "stdlib.ml", line 29, characters 17-33',
    "(Program not linked with -g, cannot print stack backtrace)",
    "Fatal error in uncaught exception handler: exception Stack overflow",
  ].map((line): Short => [
    `an exception and behind it: ${line}`,
    "failed exception",
    "unikraft-qemu",
    "tcg",
    stopped,
    [...unikraftBanner, "Fatal error: exception Stdlib.Exit", line],
  ]),
  [
    "QEMU’s KVM error",
    "skipped accelerator",
    "virtio",
    "kvm",
    stopped,
    ["KVM internal error. Suberror: 1", "emulation failure", "EAX=00000000 EBX=00000000 ECX=00000000 EDX=00000663"],
  ],
  ...[
    "KVM: entry failed, hardware error 0x0",
    "error: kvm run failed Bad address",
    "Could not access KVM kernel module: No such file or directory",
  ].map((words): Short => [
    `QEMU’s KVM: ${words}`,
    "skipped accelerator",
    "unikraft-qemu",
    "kvm",
    stopped,
    ["hello", words, "EAX=00000000"],
  ]),
  [
    "a process that prints a VMM’s words",
    "failed exit-status",
    "unix",
    "native",
    exit(1),
    ["solo5-hvt: KVM: unhandled exit: exit_reason=0x8"],
  ],
  [
    "QEMU that may not open /dev/kvm",
    "skipped accelerator",
    "virtio",
    "kvm",
    exit(1),
    ["qemu-system-x86_64: failed to initialize kvm: Permission denied"],
  ],
  [
    "QEMU whose KVM refuses the CPU",
    "skipped accelerator",
    "unikraft-qemu",
    "kvm",
    exit(1),
    ["qemu-system-aarch64: kvm_init_vcpu: kvm_arch_init_vcpu failed (0): Invalid argument"],
  ],
  [
    "solo5-hvt that may not open /dev/kvm (hvt_kvm.c)",
    "skipped accelerator",
    "hvt",
    "kvm",
    exit(1),
    ["solo5-hvt: Could not open: /dev/kvm: Permission denied"],
  ],
  ...[
    "KVM: unhandled exit: exit_reason=0x8, rip=0x104000",
    "KVM: host/guest translation fault: rip=0x104000",
    "hvt/hvt_core.c:93: Invalid guest access: gpa=0xffffffff, sz=8",
    "Invalid guest port access: port=0x99",
    "Invalid guest hypercall: num=77",
  ].map((words): Short => [
    `a guest of solo5-hvt that fell over: ${words}`,
    "failed trap",
    "hvt",
    "kvm",
    exit(1),
    [...solo5Banner, "before", `solo5-hvt: ${words}`],
  ]),
  [
    "QEMU that warns and then refuses",
    "failed monitor",
    "virtio",
    "tcg",
    exit(1),
    [
      "qemu-system-x86_64: warning: TCG doesn't support requested feature: CPUID.01H:ECX.pcid [bit 17]",
      "qemu-system-x86_64: Error loading uncompressed kernel without PVH ELF Note",
    ],
  ],
];

export const writtenConsoles: readonly Case[] = written.map(([name, right, target, accelerator, end, lines]) => ({
  name,
  console: Buffer.from(lines.map((line) => `${line}\r\n`).join("")),
  end,
  rules: rulesOf(target, accelerator),
  right,
}));
