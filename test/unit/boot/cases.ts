import type { GuestEvent, MachineState } from "../../../src/boot/judge/events.js";
import { Judge } from "../../../src/boot/judge/judge.js";
import type { Rules } from "../../../src/boot/judge/rules.js";
import type { Reason, Verdict } from "../../../src/boot/judge/verdict.js";
import { rulesOf } from "./consoles.js";

export const line = (atMs: number, text: string): GuestEvent => ({ kind: "console", atMs, text });
const unfinished = (atMs: number, text: string): GuestEvent => ({ kind: "unfinished", atMs, text });
export const complaint = (atMs: number, text: string): GuestEvent => ({ kind: "monitor", atMs, text });
const machine = (atMs: number, state: MachineState): GuestEvent => ({ kind: "machine", atMs, state });
export const exit = (atMs: number, code: number): GuestEvent => ({ kind: "exit", atMs, code, signal: null });
export const answer = (atMs: number, index: number, holds: boolean, said = "status 200"): GuestEvent => ({
  kind: "probe",
  atMs,
  index,
  answer: { holds, said },
});
const shutDown = (atMs: number, guest?: "reset" | "crashed"): GuestEvent => ({
  ...exit(atMs, 0),
  ...(guest === undefined ? {} : { guest }),
});
const killed = (atMs: number, signal: NodeJS.Signals): GuestEvent => ({ kind: "exit", atMs, code: null, signal });

/** Feeds events in time: the judge gets the clock whenever it asks for it. */
export function judge(rules: Rules, events: readonly GuestEvent[]): Verdict {
  const judge = new Judge(rules);
  let verdict: Verdict | undefined;
  for (const event of events) {
    while (verdict === undefined && judge.deadlineMs < event.atMs)
      verdict = judge.see({ kind: "clock", atMs: judge.deadlineMs });
    verdict ??= judge.see(event);
  }
  while (verdict === undefined) verdict = judge.see({ kind: "clock", atMs: judge.deadlineMs });
  return verdict;
}

export const spt = rulesOf("spt", "native");
const hvt = rulesOf("hvt", "kvm");
export const virtio = rulesOf("virtio", "tcg");
export const virtioKvm: Rules = { ...rulesOf("virtio", "kvm"), mayFallBack: true };
const xen = rulesOf("xen", "tcg");
const unikraft = rulesOf("unikraft-qemu", "tcg");
const hvtInCarrier = rulesOf("hvt", "tcg");
const unix = rulesOf("unix", "native");
const unmarked = rulesOf("unikraft-qemu", "tcg", false);

export const banner = line(5, "Solo5: Bindings version v0.12.1");
export const ready = line(100, "listening on port 80");
export const dies = "Fatal error: exception Not_found";
export const ended = (status: number) => `Solo5: solo5_exit(${status}) called`;
export const waiting = { expect: [/listening/] };

/** `right` is `verdict reason atMs`; `summary` only where it is needed to tell cases apart. */
export type Row = readonly [
  name: string,
  rules: Rules,
  events: readonly GuestEvent[],
  right: `${Verdict["verdict"]} ${Reason} ${number}`,
  summary?: string,
];

export const endings: readonly Row[] = [
  [
    "spt: the VMM’s status is the guest’s",
    spt,
    [banner, ready, line(200, ended(0)), exit(210, 0)],
    "passed exited 210",
  ],
  ["spt: exit 3", spt, [banner, line(200, ended(3)), exit(210, 3)], "failed exit-status 210"],
  [
    "spt: the guest’s own `exit 1` is not the tender’s refusal",
    spt,
    [banner, line(9, ended(1)), exit(10, 1)],
    "failed exit-status 10",
  ],
  [
    "spt: a quiet guest’s `exit 1` shows by the tender’s silence",
    spt,
    [line(9, "bye"), exit(10, 1)],
    "failed exit-status 10",
  ],
  [
    "spt: a tender that refuses is the VMM’s failure",
    spt,
    [complaint(1, "solo5-spt: hello.spt: Executable is not for the solo5-spt target"), exit(2, 1)],
    "failed monitor 2",
  ],
  [
    "spt: a warning of the tender is no refusal",
    spt,
    [complaint(1, "solo5-spt: Warning: seccomp is not used"), line(9, "bye"), exit(10, 1)],
    "failed exit-status 10",
  ],
  [
    "spt: a tender that rounds the memory down is no refusal",
    spt,
    [complaint(1, "solo5-spt: adjusting memory to 33554432 bytes"), line(9, "bye"), exit(10, 1)],
    "failed exit-status 10",
  ],
  ["spt: abort", spt, [banner, line(9, "Solo5: solo5_abort() called"), exit(10, 255)], "failed abort 10"],
  ["spt: `exit 255` is no abort", spt, [banner, line(9, ended(255)), exit(10, 255)], "failed exit-status 10"],
  ["spt: the guest faults, and the process with it", spt, [banner, ready, killed(200, "SIGSEGV")], "failed trap 200"],
  ["spt: a system call that seccomp forbids", spt, [banner, ready, killed(200, "SIGSYS")], "failed trap 200"],
  ["unix: abort()", unix, [line(5, "assertion failed"), killed(10, "SIGABRT")], "failed abort 10"],
  ["unix: stopped from outside", unix, [line(5, "hello"), killed(10, "SIGKILL")], "failed monitor 10"],
  [
    "hvt: a trap that the bindings report",
    hvt,
    [
      banner,
      line(9, "Solo5: trap: type=#PF ec=0x2"),
      line(9, "Solo5: ABORT: cpu_x86_64.c:182: Fatal trap"),
      exit(10, 255),
    ],
    "failed trap 10",
  ],
  [
    "virtio: QEMU’s 83 decides nothing, the line does (0)",
    virtio,
    [banner, ready, line(200, ended(0)), exit(300, 83)],
    "passed exited 300",
  ],
  [
    "virtio: QEMU’s 83 decides nothing, the line does (3)",
    virtio,
    [banner, ready, line(200, ended(3)), exit(300, 83)],
    "failed exit-status 300",
  ],
  ["virtio: no exit line after the banner", virtio, [banner, ready, exit(300, 83)], "failed unexpected-exit 300"],
  ["virtio: no exit line without a banner (quiet)", virtio, [ready, exit(300, 83)], "skipped exited 300"],
  ["virtio: quiet, without any output", virtio, [exit(300, 83)], "failed no-output 300"],
  ["virtio: a status that no guest gives is QEMU’s own", virtio, [banner, ready, exit(300, 7)], "failed monitor 300"],
  [
    "virtio: QEMU is stopped from outside",
    virtio,
    [banner, ready, machine(200, "quit"), exit(210, 0)],
    "failed monitor 210",
  ],
  [
    "virtio: quiet, and the expected line was seen",
    { ...virtio, ...waiting },
    [ready, exit(300, 83)],
    "passed ready 300",
  ],
  [
    "virtio: quiet, with an expected status",
    { ...virtio, ...waiting, expectExit: 3 },
    [ready, exit(300, 83)],
    "failed unexpected-exit 300",
  ],
  [
    "virtio: an exit line after an unfinished line",
    virtio,
    [banner, line(9, `a last line without its end${ended(0)}`), exit(10, 83)],
    "passed exited 10",
  ],
  [
    "virtio: QEMU refuses the file",
    virtio,
    [complaint(1, "qemu-system-x86_64: Error loading uncompressed kernel"), exit(2, 1)],
    "failed monitor 2",
  ],
  ["virtio: QEMU dies", virtio, [banner, ready, killed(200, "SIGSEGV")], "failed monitor 200"],
  ["Unikraft: a plain end with an unknown status", unikraft, [ready, exit(300, 0)], "passed exited 300"],
  ["Unikraft: its crash status on x86_64", unikraft, [ready, exit(300, 85)], "failed trap 300"],
  ["Unikraft: a silent end", unikraft, [exit(300, 83)], "failed no-output 300"],
  [
    "Unikraft: an end after the firmware’s words alone",
    unikraft,
    [line(5, "SeaBIOS (version 1.16.2)"), exit(300, 0)],
    "failed no-output 300",
  ],
  [
    "Unikraft: the banner is no output",
    unikraft,
    [line(5, "                 Helene 0.18.0~6056466f"), exit(300, 0)],
    "failed no-output 300",
    "exited without output of its own",
  ],
  ["Unikraft: QEMU exits silently with 1", unikraft, [ready, exit(300, 1)], "failed monitor 300"],
  ["Unikraft: a status that no guest gives is QEMU’s own", unikraft, [ready, exit(300, 7)], "failed monitor 300"],
  ["Unikraft: a signal’s status as a shell reports it", unikraft, [ready, exit(300, 143)], "failed monitor 300"],
  [
    "Unikraft: QEMU is stopped from outside",
    unikraft,
    [ready, machine(200, "quit"), exit(210, 0)],
    "failed monitor 210",
  ],
  [
    "Unikraft: QEMU fails under a running guest",
    unikraft,
    [ready, complaint(200, "qemu-system-x86_64: cannot write"), exit(300, 1)],
    "failed monitor 300",
  ],
  ["no marks: Solo5’s words count", unmarked, [ready, line(200, ended(3)), exit(210, 0)], "failed exit-status 210"],
  [
    "no marks: Unikraft’s words count",
    unmarked,
    [ready, line(200, "[ 0.1] CRIT: Unikraft Crash - Kiviuq"), exit(210, 0)],
    "failed trap 210",
  ],
  ["the guest panics", virtio, [banner, ready, machine(200, "panicked")], "failed trap 200"],
  [
    "the guest restarts itself",
    virtio,
    [banner, line(9, "again"), machine(20, "reset"), exit(30, 0)],
    "failed reboot-loop 30",
  ],
  [
    "xen: a power-off, with the status on the console",
    xen,
    [banner, line(9, ended(3)), shutDown(10)],
    "failed exit-status 10",
  ],
  ["xen: a power-off without a status", xen, [banner, ready, shutDown(200)], "failed unexpected-exit 200"],
  [
    "xen: Solo5 ends its domain by a crash",
    xen,
    [banner, line(9, "Solo5: solo5_abort() called"), shutDown(10, "crashed")],
    "failed abort 10",
  ],
  [
    "xen: an exit that Solo5 cannot tell from an abort",
    xen,
    [banner, line(9, ended(255)), shutDown(10, "crashed")],
    "failed exit-status 10",
  ],
  [
    "xen: a crash that only Xen reports",
    xen,
    [banner, ready, shutDown(200, "crashed")],
    "failed trap 200",
    "its hypervisor reports a crash",
  ],
  [
    "xen: a guest that announced a good end, and crashed",
    xen,
    [banner, ready, line(199, ended(0)), shutDown(200, "crashed")],
    "failed trap 200",
  ],
  ["xen: a restart", xen, [banner, line(9, "again"), shutDown(30, "reset")], "failed reboot-loop 30"],
  [
    "xen: no domain is the VMM’s failure, with xl’s words",
    xen,
    [
      complaint(1, "libxl: warning: x.c:1:f: not needed"),
      complaint(1, "xc: error: panic: no loader found"),
      exit(2, 1),
    ],
    "failed monitor 2",
    "xen could not run the image",
  ],
  ["QEMU stops a guest under emulation", virtio, [banner, machine(20, "stopped")], "failed monitor 20"],
  [
    "QEMU stops a guest whose disk cannot grow, under KVM too",
    virtioKvm,
    [banner, machine(20, "disk-full")],
    "failed monitor 20",
    "QEMU paused the guest: this machine’s disk is full",
  ],
];

const failing = (atMs: number, failure: string): GuestEvent => ({
  kind: "exit",
  atMs,
  code: null,
  signal: null,
  failure,
});
const critical = "[    0.161] CRIT: [libukalloc] <alloc.c @  11> Out of pages";

/** Ends that differ from others by one sign: the rules of ending.ts. */
export const ends: readonly Row[] = [
  [
    "the helper VM failed",
    hvtInCarrier,
    [banner, ready, failing(200, "the helper VM failed: no memory")],
    "failed monitor 200",
    "the helper VM failed: no memory",
  ],
  [
    "QEMU is stopped from outside",
    virtio,
    [banner, ready, machine(200, "quit"), exit(210, 0)],
    "failed monitor 210",
    "qemu was stopped from outside",
  ],
  [
    "a restart after an exception",
    unikraft,
    [ready, line(200, dies), machine(210, "reset"), exit(220, 0)],
    "failed exception 220",
    "uncaught exception",
  ],
  [
    "a restart after an abort",
    virtio,
    [ready, line(200, "Solo5: solo5_abort() called"), machine(210, "reset"), exit(220, 0)],
    "failed abort 220",
    "aborted",
  ],
  [
    "a restart after a trap",
    virtio,
    [ready, line(200, "Solo5: trap: type=#PF"), machine(210, "reset"), exit(220, 0)],
    "failed trap 220",
    "the processor trapped (page fault)",
  ],
  [
    "a restart after a crash in other words",
    unikraft,
    [ready, line(200, critical), machine(210, "reset"), exit(220, 0)],
    "failed trap 220",
    "Unikraft crashed",
  ],
  [
    "a restart after an exit line, which any program may print",
    virtio,
    [ready, line(200, `peer: ${ended(0)}`), machine(210, "reset"), exit(220, 0)],
    "failed reboot-loop 220",
    "the guest restarted itself",
  ],
  [
    "a panic after an exception",
    unikraft,
    [ready, line(200, dies), machine(210, "panicked")],
    "failed exception 210",
    "uncaught exception",
  ],
  ["spt: a fault", spt, [banner, ready, killed(200, "SIGSEGV")], "failed trap 200", "killed by SIGSEGV"],
  ["spt: abort()", spt, [banner, ready, killed(200, "SIGABRT")], "failed abort 200", "killed by SIGABRT"],
  [
    "spt: stopped from outside",
    spt,
    [banner, ready, killed(200, "SIGTERM")],
    "failed monitor 200",
    "solo5-spt was stopped from outside by SIGTERM",
  ],
  ...[2, 15].map((number): Row => [
    `hvt: its tender is stopped by signal ${number}`,
    hvt,
    [banner, ready, complaint(200, `solo5-hvt: Exiting on signal ${number}`), exit(201, 1)],
    "failed monitor 201",
    `solo5-hvt was stopped from outside by ${number === 2 ? "SIGINT" : "SIGTERM"}`,
  ]),
  [
    "QEMU is stopped by a signal, and tells who sent it",
    virtio,
    [banner, ready, complaint(200, "qemu-system-x86_64: terminating on signal 15 from pid 28796 (sh)"), exit(201, 0)],
    "failed monitor 201",
    "qemu was stopped from outside by SIGTERM",
  ],
  ...(["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const).map((signal): Row => [
    `a VMM is stopped by ${signal}`,
    unikraft,
    [ready, killed(200, signal)],
    "failed monitor 200",
    `qemu was stopped from outside by ${signal}`,
  ]),
  [
    "spt: an abort that it announced",
    spt,
    [banner, line(9, "Solo5: solo5_abort() called"), exit(10, 255)],
    "failed abort 10",
    "aborted",
  ],
  [
    "spt: another program’s abort line last, and a clean end",
    spt,
    [banner, line(9, "peer: Solo5: solo5_abort() called"), exit(10, 0)],
    "passed exited 10",
    "exited with status 0",
  ],
  [
    "hvt: the guest crashed",
    hvt,
    [banner, ready, complaint(9, "solo5-hvt: KVM: unhandled exit: exit_reason=0x8"), exit(10, 1)],
    "failed trap 10",
    "the guest crashed",
  ],
  [
    "spt: the tender refuses",
    spt,
    [complaint(1, "solo5-spt: no such image"), exit(2, 1)],
    "failed monitor 2",
    "solo5-spt could not run the image",
  ],
  [
    "spt: the tender complains, and the guest ends with another status",
    spt,
    [complaint(1, "solo5-spt: odd"), line(9, "bye"), exit(10, 3)],
    "failed exit-status 10",
    "exited with status 3",
  ],
  [
    "spt: the tender complains, and the guest announced its status 1",
    spt,
    [complaint(1, "solo5-spt: odd"), line(9, ended(1)), exit(10, 1)],
    "failed exit-status 10",
    "exited with status 1",
  ],
  [
    "spt: another program complains on the error stream",
    spt,
    [complaint(1, "setpriv: odd"), line(9, "bye"), exit(10, 1)],
    "failed exit-status 10",
    "exited with status 1",
  ],
  [
    "virtio: QEMU dies",
    virtio,
    [banner, ready, killed(200, "SIGSEGV")],
    "failed monitor 200",
    "qemu was killed by SIGSEGV",
  ],
  [
    "virtio: QEMU dies after an exit line",
    virtio,
    [banner, line(199, ended(0)), killed(200, "SIGKILL")],
    "failed monitor 200",
    "qemu was killed by SIGKILL",
  ],
  [
    "virtio: QEMU aborts",
    virtio,
    [banner, ready, killed(200, "SIGABRT")],
    "failed monitor 200",
    "qemu was killed by SIGABRT",
  ],
  [
    "the loader refuses",
    unikraft,
    [line(1, "loader: no memory"), exit(2, 97)],
    "failed monitor 2",
    "the image could not be loaded",
  ],
  [
    "QEMU refuses in words",
    virtio,
    [complaint(1, "qemu-system-x86_64: no such file"), exit(2, 1)],
    "failed monitor 2",
    "qemu could not run the image",
  ],
  ["QEMU refuses silently", virtio, [exit(2, 1)], "failed monitor 2", "qemu could not run the image"],
  [
    "QEMU fails silently under a guest",
    virtio,
    [ready, exit(200, 1)],
    "failed monitor 200",
    "qemu exited with status 1",
  ],
  [
    "QEMU complains, and ends with a status of its own",
    virtio,
    [ready, complaint(100, "qemu-system-x86_64: odd"), exit(200, 7)],
    "failed monitor 200",
    "qemu exited with status 7",
  ],
  [
    "QEMU complains, and the guest ends",
    unikraft,
    [ready, complaint(100, "qemu-system-x86_64: odd"), exit(200, 0)],
    "passed exited 200",
    "exited, status unknown",
  ],
  ["Unikraft: its crash status", unikraft, [ready, exit(200, 85)], "failed trap 200", "Unikraft crashed"],
  [
    "virtio: no status of Solo5",
    virtio,
    [banner, ready, exit(200, 85)],
    "failed unexpected-exit 200",
    "exited without reporting a status",
  ],
  [
    "virtio: the expected line, and no exit line",
    { ...virtio, ...waiting },
    [banner, ready, exit(200, 83)],
    "failed unexpected-exit 200",
    "exited without reporting a status",
  ],
  [
    "virtio: quiet, and the expected line",
    { ...virtio, ...waiting },
    [ready, exit(200, 83)],
    "passed ready 200",
    "seen `listening on port 80`",
  ],
  [
    "Unikraft: critical words at last",
    unikraft,
    [ready, line(200, critical), exit(210, 0)],
    "failed trap 210",
    "Unikraft crashed",
  ],
  [
    "Unikraft: critical words and a dump",
    unikraft,
    [ready, line(200, critical), line(205, "0000000000104000: 00 00 00 00"), exit(210, 0)],
    "failed trap 210",
    "Unikraft crashed",
  ],
  [
    "Unikraft: critical words, and it goes on",
    unikraft,
    [ready, line(200, critical), line(400, "recovered"), exit(410, 0)],
    "passed exited 410",
    "exited, status unknown",
  ],
  [
    "Unikraft: critical words, and the status of a good end",
    unikraft,
    [ready, line(200, critical), exit(210, 83)],
    "passed exited 210",
    "exited, status unknown",
  ],
  [
    "Unikraft: an assertion that failed, and it hangs",
    unikraft,
    [
      ready,
      line(200, "[    0.1] CRIT: [libuksched] <sched.c @  77> Assertion failure: thread"),
      line(201, "rax: 0 rbx: 0"),
    ],
    "failed trap 900",
    "the processor trapped",
  ],
  [
    "an expected exit after the expected line",
    { ...spt, ...waiting, expectExit: 0 },
    [ready, line(200, ended(0)), exit(210, 0)],
    "passed exited 210",
    "exited with status 0",
  ],
  [
    "virtio: an announced end that does not come",
    virtio,
    [ready, line(200, ended(0))],
    "failed timeout 60000",
    "it announced its exit but did not exit within 60 s",
  ],
];

const firecracker: Rules = { ...rulesOf("unikraft-firecracker", "kvm"), mayFallBack: true };
const firecrackerAlone: Rules = { ...firecracker, mayFallBack: false };
const logged = (message: string, level = "ERROR") =>
  `2026-11-25T12:50:01.123456789 [anonymous-instance:fc_vcpu 0:${level}] ${message}`;

/** Firecracker logs where its guest prints. */
export const firecrackers: readonly Row[] = [
  [
    "KVM cannot enter the guest",
    firecracker,
    [line(9, logged("Received KVM_EXIT_FAIL_ENTRY signal: 5, cpu: 0"))],
    "skipped accelerator 9",
    "KVM opens but fails its guests",
  ],
  [
    "KVM fails under the guest",
    firecracker,
    [ready, line(200, logged("Received KVM_EXIT_INTERNAL_ERROR signal"))],
    "skipped accelerator 200",
    "KVM opens but fails its guests",
  ],
  [
    "KVM fails behind an unfinished line",
    firecracker,
    [line(200, `login: ${logged("Received KVM_EXIT_INTERNAL_ERROR signal")}`)],
    "skipped accelerator 200",
    "KVM opens but fails its guests",
  ],
  [
    "there is no KVM",
    firecracker,
    [
      line(
        9,
        "2026-11-25T12:50:01.123456789 [anonymous-instance:main] RunWithoutApiError error: " +
          "Failed to build MicroVM from Json: Error creating the Kvm object: No such file or directory",
      ),
    ],
    "skipped accelerator 9",
    "KVM is missing or forbidden",
  ],
  ...[
    "Internal error while starting microVM: Vm error:  Error creating KVM object: No such file (os error 2)",
    "Kvm error:  Error creating KVM object: Permission denied (os error 13) Make sure the user",
  ].map((words): Row => [
    `KVM is closed: ${words}`,
    firecracker,
    [line(9, logged(`RunWithoutApiError error: Failed to build MicroVM from Json: ${words}`))],
    "skipped accelerator 9",
    "KVM is missing or forbidden",
  ]),
  ...[
    "Kvm error: The host kernel reports an invalid KVM API version: 11",
    "Kvm error: Missing KVM capabilities: [2c]",
    "Error with the Vm object: Failed to create VM: Device or resource busy (os error 16)",
    "Vm error: Cannot open the VM file descriptor: Invalid argument (os error 22)",
    "Vm error: Cannot configure the microvm: Invalid argument (os error 22)",
    "Error with the KvmVm object: Failed during KVM_SET_TSS_ADDRESS: Invalid argument (os error 22)",
    "Error with the KvmVm object: Failed to check KVM capability (0): Invalid argument (os error 22)",
    "Error with the Vm object: Failed to create vcpu: Error creating vcpu: No such device (os error 19)",
    "System configuration error: Failed to set KVM vcpu cpuid: Invalid argument (os error 22)",
    "Error configuring the vcpu for boot: Failed to set all KVM MSRs for this vCPU. Only a partial write was done.",
    "Error configuring the vcpu for boot: Failed to configure LAPICs: Failed to get",
    "Error with the Vm object: Cannot set the memory regions: File exists (os error 17)",
    "Vm error: Error creating the global interrupt controller: No such device (os error 19)",
  ].map((words): Row => [
    `KVM fails before the guest starts: ${words}`,
    firecracker,
    [line(9, logged(`RunWithoutApiError error: Failed to build MicroVM from Json: ${words}`))],
    "skipped accelerator 9",
    "KVM opens but fails its guests",
  ]),
  ...[
    "Received ENOSYS error because KVM failed to emulate an instruction.",
    "Failure during vcpu run: Bad address (os error 14)",
    "Received KVM_EXIT_FAIL_ENTRY signal: 2147483681 on cpu 3",
  ].map((words): Row => [
    `KVM fails the guest: ${words}`,
    firecracker,
    [ready, line(200, logged(words))],
    "skipped accelerator 200",
    "KVM opens but fails its guests",
  ]),
  [
    "the error as its error stream has it",
    firecracker,
    [complaint(9, "Error: RunWithoutApi(BuildMicroVMFromJson(StartMicroVM(Internal(Vm(Kvm(Error(13)))))))")],
    "skipped accelerator 9",
  ],
  [
    "a failure that is not KVM’s",
    firecracker,
    [
      line(1, "2026-11-25T12:50:01.123456789 [anonymous-instance:main] Running Firecracker v1.14.0"),
      line(9, logged("RunWithoutApiError error: Failed to build MicroVM from Json: Cannot load kernel: bad magic")),
      exit(10, 1),
    ],
    "failed monitor 10",
    "firecracker could not run the image",
  ],
  [
    "its log is no output of the guest",
    firecrackerAlone,
    [line(9, logged("Failed to log metrics")), exit(10, 0)],
    "failed no-output 10",
    "exited without output of its own",
  ],
  [
    "its log is no output, but text in front of it is",
    firecrackerAlone,
    [line(9, `hello${logged("Failed to log metrics")}`), exit(10, 0)],
    "passed exited 10",
    "exited, status unknown",
  ],
  [
    "half a line of its log is no output either",
    firecrackerAlone,
    [unfinished(9, logged("Failed to log")), exit(10, 0)],
    "failed no-output 10",
    "exited without output of its own",
  ],
  [
    "its informational lines are no reason",
    firecrackerAlone,
    [line(1, logged("Running Firecracker v1.13.1", "INFO")), ready, exit(200, 1)],
    "failed monitor 200",
    "firecracker exited with status 1",
  ],
  [
    "a triple fault, and the status of any end",
    firecrackerAlone,
    [ready, line(200, logged("Received KVM_EXIT_SHUTDOWN signal", "INFO")), exit(210, 0)],
    "failed reboot-loop 210",
    "the guest restarted itself",
  ],
  [
    "a triple fault, reported as an error and by its own status",
    firecrackerAlone,
    [
      ready,
      line(200, logged("Unexpected exit reason on vcpu run: Shutdown")),
      line(201, logged("RunWithoutApiError error: MicroVMStopped without an error: GenericError")),
      exit(210, 1),
    ],
    "failed reboot-loop 210",
    "the guest restarted itself",
  ],
  [
    "another exit that Firecracker does not know",
    firecrackerAlone,
    [ready, line(200, logged("Unexpected exit reason on vcpu run: Hlt")), exit(210, 1)],
    "failed monitor 210",
    "firecracker could not run the image",
  ],
  [
    "a triple fault before any output, when emulation can settle it",
    firecracker,
    [line(20, logged("Received KVM_EXIT_SHUTDOWN signal", "INFO")), exit(30, 0)],
    "skipped accelerator 30",
    "the guest ended under KVM without a line of its own",
  ],
  [
    "a guest of QEMU that prints such a line",
    unikraft,
    [line(9, logged("Received KVM_EXIT_SHUTDOWN signal")), exit(10, 0)],
    "passed exited 10",
    "exited, status unknown",
  ],
];

export const success: readonly Row[] = [
  ["auto: alive after its first own line", virtio, [banner, ready], "passed ready 3100"],
  [
    "auto: ends before it has settled",
    virtio,
    [banner, ready, line(200, ended(0)), exit(210, 83)],
    "passed exited 210",
  ],
  [
    "auto with expectations: settles from the last of them",
    { ...virtio, expect: [/port 80/, /port 443/] },
    [line(100, "port 443"), line(900, "port 80")],
    "passed ready 3900",
  ],
  [
    "auto with expectations: any end before them fails",
    { ...virtio, expect: [/never/] },
    [ready, line(200, ended(0)), exit(210, 83)],
    "failed unexpected-exit 210",
  ],
  [
    "auto with expectations: a line that never comes",
    { ...virtio, expect: [/never/] },
    [banner, ready],
    "failed timeout 60000",
  ],
  ["exit: alive is not enough", { ...virtio, until: "exit" }, [banner, ready], "failed timeout 60000"],
  [
    "exit: a clean end",
    { ...virtio, until: "exit" },
    [banner, ready, line(9_000, ended(0)), exit(9_010, 83)],
    "passed exited 9010",
  ],
  [
    "exit with expectations: a clean end after them",
    { ...virtio, ...waiting, until: "exit" },
    [ready, line(9_000, ended(0)), exit(9_010, 83)],
    "passed exited 9010",
  ],
  ["running: alive", { ...virtio, until: "running" }, [banner, ready], "passed ready 3100"],
  [
    "running: a clean end fails",
    { ...virtio, until: "running" },
    [banner, ready, line(200, ended(0)), exit(210, 83)],
    "failed unexpected-exit 210",
  ],
  ["running: the banner is no output of its own", { ...virtio, until: "running" }, [banner], "failed no-output 60000"],
  [
    "running with expectations: settles from them",
    { ...virtio, ...waiting, until: "running" },
    [line(50, "booting"), ready],
    "passed ready 3100",
  ],
  [
    "expect: the line and then silence",
    { ...virtio, ...waiting, until: "expect" },
    [banner, ready],
    "passed ready 3100",
  ],
  [
    "expect: a clean end within settle",
    { ...virtio, ...waiting, until: "expect" },
    [ready, line(200, ended(0)), exit(210, 83)],
    "passed ready 210",
  ],
  [
    "expect: a failing end within settle",
    { ...virtio, ...waiting, until: "expect" },
    [ready, line(200, ended(2)), exit(210, 83)],
    "failed exit-status 210",
  ],
  [
    "expect: a crash within settle",
    { ...virtio, ...waiting },
    [ready, line(3_000, "Solo5: trap: type=#PF"), exit(3_050, 83)],
    "failed trap 3050",
  ],
  [
    "expect: a crash after settle is not seen",
    { ...virtio, ...waiting },
    [ready, line(3_200, "Solo5: trap: type=#PF"), exit(3_250, 83)],
    "passed ready 3100",
  ],
  [
    "expect: a line counts once it is whole",
    { ...virtio, expect: [/^port \d$/] },
    [unfinished(100, "port 8"), line(200, "port 80"), line(300, "port 9")],
    "passed ready 3300",
  ],
  [
    "forbid: a line counts once it is whole",
    { ...virtio, forbid: [/errors: [1-9]$/] },
    [unfinished(100, "errors: 1"), line(200, "errors: 1 % of none")],
    "passed ready 3200",
  ],
  [
    "expect-exit: the expected status",
    { ...spt, expectExit: 63 },
    [banner, line(9, ended(63)), exit(10, 63)],
    "passed exited 10",
  ],
  [
    "expect-exit: another one",
    { ...spt, expectExit: 63 },
    [banner, line(9, ended(0)), exit(10, 0)],
    "failed exit-status 10",
  ],
  [
    "expect-exit: an exception with the expected status",
    { ...spt, expectExit: 2 },
    [banner, line(9, dies), exit(10, 2)],
    "passed exited 10",
  ],
  ["expect-exit: alive is not enough", { ...spt, expectExit: 0 }, [banner, ready], "failed timeout 60000"],
  [
    "expect-exit: the right status before the expected line",
    { ...spt, ...waiting, expectExit: 3 },
    [banner, exit(10, 3)],
    "failed unexpected-exit 10",
  ],
  [
    "forbid: decides at once",
    { ...virtio, forbid: [/\[ERROR\]/] },
    [ready, line(200, "x [ERROR] y")],
    "failed forbidden 200",
  ],
  [
    "forbid: after settle it is too late",
    { ...virtio, forbid: [/\[ERROR\]/] },
    [ready, line(3_200, "[ERROR]")],
    "passed ready 3100",
  ],
  [
    "forbid: wins over an expectation in the same line",
    { ...virtio, ...waiting, forbid: [/80/] },
    [ready],
    "failed forbidden 100",
  ],
  ["settle 0: the sign itself decides", { ...virtio, ...waiting, settleMs: 0 }, [ready], "passed ready 100"],
  [
    "a settle that began in time is finished",
    { ...virtio, ...waiting, timeoutMs: 2_000 },
    [ready],
    "passed ready 3100",
  ],
  [
    "a crash in a settle that outlasts the timeout",
    { ...virtio, ...waiting, timeoutMs: 2_000 },
    [ready, line(2_500, "Solo5: trap: type=#PF"), exit(2_550, 83)],
    "failed trap 2550",
  ],
  [
    "an end in a settle that outlasts the timeout",
    { ...virtio, ...waiting, timeoutMs: 2_000 },
    [ready, line(3_050, ended(0)), exit(3_400, 83)],
    "passed ready 3400",
  ],
  [
    "a line that comes after the timeout is too late",
    { ...virtio, ...waiting, timeoutMs: 2_000 },
    [banner, line(2_001, "listening")],
    "failed no-output 2000",
  ],
  ["silence", spt, [], "failed no-output 60000"],
];

export const lastWords: readonly Row[] = [
  ["Unikraft hangs after an exception: given up after 0.7 s", unikraft, [line(100, dies)], "failed exception 800"],
  [
    "virtio lives after such words: it would have ended",
    virtio,
    [ready, line(200, dies)],
    "passed ready 3200",
    `still running after \`${dies}\``,
  ],
  ["spt lives after such words: it would have ended", spt, [ready, line(200, dies)], "passed ready 3200"],
  ["hvt lives after such words: it would have ended", hvt, [ready, line(200, dies)], "passed ready 3200"],
  ["unix lives after such words: it would have ended", unix, [ready, line(200, dies)], "passed ready 3200"],
  [
    "it must outlive such words, however short it settles",
    { ...spt, settleMs: 0 },
    [line(200, dies), exit(210, 2)],
    "failed exception 210",
  ],
  [
    "it lives after such words, but should have exited",
    { ...spt, until: "exit" },
    [ready, line(200, dies)],
    "failed timeout 60000",
  ],
  [
    "it lives after such words, and the expected line never comes",
    { ...virtio, ...waiting },
    [line(200, dies)],
    "failed timeout 60000",
  ],
  [
    "it prints such words and continues until it exits",
    { ...virtio, until: "exit" },
    [ready, line(200, dies), line(9_000, ended(0)), exit(9_010, 83)],
    "passed exited 9010",
  ],
  [
    "an exception just before the timeout still has its end",
    { ...spt, until: "exit" },
    [ready, line(59_900, dies), exit(60_100, 2)],
    "failed exception 60100",
  ],
  [
    "an exception with its end decides at the end",
    virtio,
    [line(100, dies), line(101, ended(2)), exit(110, 83)],
    "failed exception 110",
  ],
  ["a program that prints such words and ends well is fine", spt, [line(100, dies), exit(110, 0)], "passed exited 110"],
  [
    "Unikraft: an exception and then the end of QEMU",
    unikraft,
    [line(100, dies), exit(200, 0)],
    "failed exception 200",
  ],
  [
    "abort() after OCaml’s last words has their reason",
    virtio,
    [line(100, "Fatal error: exception Exit"), line(101, "Solo5: solo5_abort() called"), exit(110, 83)],
    "failed exception 110",
  ],
  ["OCaml’s runtime gives up", unikraft, [line(100, "Fatal error: out of memory")], "failed abort 800"],
  [
    "a backtrace is no sign of life",
    unikraft,
    [line(100, dies), line(300, 'Raised at Dune__exe__Main in file "main.ml", line 3')],
    "failed exception 800",
  ],
  [
    "the first line of a backtrace, half of it, is no sign of life",
    unikraft,
    [line(100, dies), unfinished(300, "Rai")],
    "failed exception 800",
  ],
  ["more output is a sign of life", unikraft, [line(100, dies), line(600, "worker restarted")], "passed ready 3100"],
  [
    "more output before the words is no sign of life",
    unikraft,
    [line(100, "started"), line(2_000, dies)],
    "failed exception 2700",
  ],
  [
    "words within settle keep the guest from passing",
    virtio,
    [line(100, "started"), line(3_000, dies), line(3_200, ended(2)), exit(3_250, 83)],
    "failed exception 3250",
  ],
  [
    "quoted words are another program’s",
    unikraft,
    [line(100, 'worker said "Fatal error: exception Not_found"')],
    "passed ready 3100",
  ],
  [
    "a quotation mark that nothing closes quotes nothing",
    unikraft,
    [line(100, 'name="Fatal error: exception Not_found')],
    "failed exception 800",
  ],
  [
    "marks in the exception’s own text close no quotation",
    unikraft,
    [line(100, 'name="Fatal error: exception Failure("x")')],
    "failed exception 800",
  ],
  [
    "a quotation with an exception’s own marks in it",
    unikraft,
    [line(100, 'worker said "Fatal error: exception Failure("x")"')],
    "passed ready 3100",
  ],
  [
    "a quotation in typographic marks",
    unikraft,
    [line(100, "worker said “Fatal error: exception Not_found”")],
    "passed ready 3100",
  ],
  [
    "a typographic mark that nothing closes",
    unikraft,
    [line(100, "“Fatal error: exception Not_found")],
    "failed exception 800",
  ],
  [
    "a runtime that gave up, quoted",
    unikraft,
    [line(100, "worker said `Fatal error: out of memory`")],
    "passed ready 3100",
  ],
  [
    "words in the middle of a line are the runtime’s when nothing quotes them",
    unikraft,
    [line(100, `progress 10%${dies}`)],
    "failed exception 800",
  ],
  [
    "words on an unfinished line, reported twice",
    unikraft,
    [unfinished(100, dies), unfinished(800, dies)],
    "failed exception 800",
  ],
  ["words on an unfinished line", unikraft, [unfinished(100, dies)], "failed exception 800"],
  [
    "half of the words, then all of them, are one death",
    unikraft,
    [unfinished(100, "Fatal error: ex"), line(180, dies)],
    "failed exception 880",
  ],
  ["words just before the timeout", { ...unikraft, timeoutMs: 1_000 }, [line(900, dies)], "failed exception 1000"],
  [
    "the other lines of an exception’s text are no sign of life",
    unikraft,
    [line(100, dies), line(150, "in two lines"), line(200, "or three")],
    "failed exception 800",
  ],
  ...[
    'Raised at Stdlib.failwith in file "stdlib.ml", line 29, characters 17-33',
    "(Program not linked with -g, cannot print stack backtrace)",
    "Fatal error in uncaught exception handler: exception Stack overflow",
    "Aborted",
  ].map((text): Row => [
    `what the runtime prints after the words is none, however late: ${text}`,
    unikraft,
    [line(100, dies), line(300, text)],
    "failed exception 800",
  ]),
  ["a line after a pause is a sign of life", unikraft, [line(100, dies), line(201, "restarted")], "passed ready 3100"],
  [
    "a flood of lines without a pause is a sign of life",
    unikraft,
    [line(100, dies), ...Array.from({ length: 60 }, (_, index) => line(101, `line ${index}`))],
    "passed ready 3100",
  ],
  [
    "a long exception that ends the guest",
    spt,
    [line(100, dies), line(101, "in two lines"), exit(110, 2)],
    "failed exception 110",
  ],
  ["virtio: an exit line, and QEMU stays", virtio, [ready, line(200, ended(0))], "failed timeout 60000"],
  ["virtio: an exit line of a failure, and QEMU stays", virtio, [ready, line(200, ended(3))], "failed timeout 60000"],
  ["virtio: an exit line alone, and QEMU stays", virtio, [line(200, ended(0))], "failed timeout 60000"],
  [
    "virtio: an exit line just before the timeout, and its end",
    { ...virtio, until: "exit" },
    [ready, line(59_900, ended(0)), exit(60_100, 83)],
    "passed exited 60100",
  ],
  [
    "virtio: an exit line just before the timeout, and no end",
    { ...virtio, until: "exit" },
    [ready, line(59_900, ended(0))],
    "failed timeout 62900",
  ],
  [
    "virtio: an abort line, and QEMU stays",
    virtio,
    [ready, line(200, "Solo5: solo5_abort() called")],
    "failed abort 3200",
  ],
  [
    "virtio: a trap line, and QEMU stays",
    virtio,
    [ready, line(200, "Solo5: trap: type=#PF ec=0x2")],
    "failed trap 3200",
  ],
  [
    "virtio: a trap line is another program’s when the guest continues",
    virtio,
    [ready, line(200, "peer: Solo5: trap: type=#PF ec=0x2"), line(400, "peer restarted")],
    "passed ready 3100",
  ],
  [
    "virtio: a trap line just before the timeout",
    { ...virtio, until: "exit", timeoutMs: 1_000 },
    [ready, line(900, "Solo5: trap: type=#PF")],
    "failed trap 1000",
  ],
  ["hvt: an exit line in a log, and it runs on", hvt, [ready, line(200, `peer: ${ended(0)}`)], "passed ready 3200"],
  [
    "hvt: an exit line in a log, but it should have exited",
    { ...hvt, until: "exit" },
    [ready, line(200, `peer: ${ended(0)}`)],
    "failed timeout 60000",
  ],
  [
    "hvt: an exit line in a log, and its own end",
    hvt,
    [ready, line(200, `peer: ${ended(0)}`), exit(900, 3)],
    "failed exit-status 900",
  ],
  [
    "spt: an abort line in a log, and it runs on",
    spt,
    [ready, line(200, "peer: Solo5: solo5_abort() called")],
    "passed ready 3200",
  ],
  ["unix: an exit line in a log, and it runs on", unix, [ready, line(200, `peer: ${ended(0)}`)], "passed ready 3100"],
  [
    "a forged exit line and more output: alive",
    virtio,
    [line(100, ended(0)), line(200, "still here")],
    "passed ready 3200",
  ],
  [
    "a forged exit line and more output: the true one counts",
    virtio,
    [line(100, ended(0)), line(200, "x"), line(300, ended(3)), exit(310, 83)],
    "failed exit-status 310",
  ],
  [
    "a forged exit line and no true one",
    virtio,
    [banner, line(100, ended(0)), line(200, "x"), exit(310, 83)],
    "failed unexpected-exit 310",
  ],
  [
    "a forged abort line and more output: alive",
    virtio,
    [line(100, "peer: Solo5: solo5_abort() called"), line(200, "still here")],
    "passed ready 3100",
  ],
  [
    "a trap’s register dump is no sign of life",
    virtio,
    [line(100, "Solo5: Trap: EL1 Synchronous Abort caught"), line(101, "Data Abort Address: 0x10")],
    "failed trap 3100",
  ],
];

const returned = (status: number) => `[    0.203300] Info: [libukboot] <boot.c @  544> main returned ${status}`;

/** Unikraft tells the end of main, when its log has that level. */
export const unikraftEnds: readonly Row[] = [
  ["main returns 0", unikraft, [ready, line(200, returned(0)), exit(210, 83)], "passed exited 210"],
  [
    "main returns 0 on arm64, where QEMU exits with 0 for every end",
    unikraft,
    [ready, line(200, returned(0)), exit(210, 0)],
    "passed exited 210",
    "exited with status 0",
  ],
  [
    "main returns 3",
    unikraft,
    [ready, line(200, returned(3)), exit(210, 83)],
    "failed exit-status 210",
    "exited with status 3",
  ],
  [
    "main returns 3, which older releases end as a crash",
    unikraft,
    [ready, line(200, returned(3)), exit(210, 85)],
    "failed exit-status 210",
    "exited with status 3",
  ],
  [
    "main returns an error code",
    unikraft,
    [ready, line(200, returned(-22)), exit(210, 83)],
    "failed exit-status 210",
    "exited with status -22",
  ],
  ["main returns 3, and nothing ends", unikraft, [ready, line(200, returned(3))], "failed exit-status 900"],
  ["main returns 0, and nothing ends", unikraft, [ready, line(200, returned(0))], "passed exited 900"],
  [
    "main returns where it should run on",
    { ...unikraft, until: "running" },
    [ready, line(200, returned(0))],
    "failed unexpected-exit 900",
  ],
  [
    "main returns 0, and the shutdown crashes",
    unikraft,
    [ready, line(200, returned(0)), exit(210, 85)],
    "failed trap 210",
    "Unikraft crashed",
  ],
  [
    "the status is a restart for Unikraft",
    unikraft,
    [
      ready,
      line(200, "[    0.2] Info: [libnolibc] exit called with status 1, halting system"),
      machine(205, "reset"),
      exit(210, 0),
    ],
    "failed exit-status 210",
    "exited with status 1",
  ],
  [
    "main returns 0, and a restart follows",
    unikraft,
    [ready, line(200, returned(0)), machine(205, "reset"), exit(210, 0)],
    "failed reboot-loop 210",
  ],
  [
    "main returns after words that it only logged",
    unikraft,
    [line(100, dies), line(101, "worker restarted"), line(102, returned(0)), exit(110, 83)],
    "passed exited 110",
  ],
  [
    "main returns with a failure after such words",
    unikraft,
    [line(100, dies), line(102, returned(2)), exit(110, 83)],
    "failed exception 110",
  ],
  [
    "main returns after such words, and nothing ends",
    unikraft,
    [line(100, dies), line(102, returned(0))],
    "passed exited 800",
  ],
  [
    "it prints on at once after such words, and ends",
    unikraft,
    [line(100, dies), line(101, "worker restarted"), exit(110, 83)],
    "passed exited 110",
  ],
  [
    "it prints on at once after such words, and crashes",
    unikraft,
    [line(100, dies), line(101, "worker restarted"), exit(110, 85)],
    "failed exception 110",
  ],
  [
    "an expected line at once after such words",
    { ...unikraft, expect: [/listening/] },
    [line(100, dies), line(101, "listening on port 80")],
    "passed ready 3101",
  ],
  [
    "an expected line before such words",
    { ...unikraft, expect: [/listening/] },
    [line(100, "listening on port 80"), line(101, dies)],
    "failed exception 801",
  ],
  [
    "an expectation that such words meet",
    { ...unikraft, expect: [/exception/] },
    [line(100, dies)],
    "failed exception 800",
  ],
  [
    "it could not be started",
    unikraft,
    [line(1, "[    0.1] ERR:  [libukboot] Failed to launch application's main()"), exit(9, 83)],
    "failed no-output 9",
    "Unikraft could not start the program: main was never called",
  ],
  [
    "it could not be started, and nothing ends",
    unikraft,
    [line(1, "[    0.1] ERR:  [libukboot] <boot.c @  180> Init function at 0x11a2b0 returned error -12")],
    "failed no-output 701",
  ],
  [
    "its log behind an unfinished line",
    unikraft,
    [line(100, "progress 10%[    0.161000] CRIT: [libmusl] <abort.c @    7> abort called"), exit(110, 0)],
    "failed abort 110",
    "aborted",
  ],
  [
    "another guest’s log in a line of its own",
    unikraft,
    [line(100, "peer: [    0.161000] CRIT: [libmusl] <abort.c @    7> abort called"), exit(110, 0)],
    "passed exited 110",
  ],
  [
    "its own critical message last, on x86_64",
    unikraft,
    [ready, line(200, "CRIT: disk: 3 blocks lost"), exit(210, 83)],
    "passed exited 210",
  ],
  [
    "its own critical message last, on arm64",
    unikraft,
    [ready, line(200, "CRIT: disk: 3 blocks lost"), exit(210, 0)],
    "passed exited 210",
  ],
  [
    "Unikraft’s critical message, and it goes on at once",
    unikraft,
    [ready, line(200, critical), line(201, "recovered"), exit(210, 0)],
    "passed exited 210",
  ],
  ["running", unikraft, [ready], "passed ready 3100", "running, or ended without a word: Unikraft does not tell"],
  ["its own line with a level is output", unikraft, [line(100, "Info: listening")], "passed ready 3100"],
  ...[
    "main returned 3",
    "exit called with status 3",
    "Cannot handle write page fault at 0x10",
    "Assertion failure: x",
    "Unhandled Trap 8 (double fault), error code=0x0",
    "CRIT: abort called",
    "Failed to launch application's main()",
    "Info: main returned 3",
    "worker: CRIT: [libmusl] abort called",
  ].flatMap((text): Row[] => [
    [
      `words without its log’s prefix decide nothing, at the end: ${text}`,
      unikraft,
      [ready, line(200, text), exit(210, 0)],
      "passed exited 210",
    ],
    [
      `words without its log’s prefix decide nothing, alive: ${text}`,
      unikraft,
      [ready, line(200, text)],
      "passed ready 3100",
    ],
  ]),
];

const asksUnikraft: Rules = { ...unikraft, probes: ["tcp://:80"] };

export const signsOfLife: readonly Row[] = [
  ["an answer after the words", asksUnikraft, [line(100, dies), answer(500, 0, true)], "passed ready 3500"],
  ["an answer at the time of the words", asksUnikraft, [line(100, dies), answer(110, 0, true)], "failed exception 800"],
  ["no answer after the words", asksUnikraft, [line(100, dies), answer(500, 0, false)], "failed exception 800"],
  [
    "an answer after words on an unfinished line",
    asksUnikraft,
    [unfinished(100, dies), answer(500, 0, true)],
    "passed ready 3500",
  ],
  [
    "an answer after an exit line",
    { ...virtio, probes: ["tcp://:80"] },
    [line(100, `peer: ${ended(0)}`), answer(500, 0, true)],
    "passed ready 3500",
  ],
];

export const unfinishedLines: readonly Row[] = [
  [
    "the beginning of the banner is no output of its own",
    virtio,
    [unfinished(100, "            |   "), line(9_000, "            |      ___|")],
    "passed ready 3100",
  ],
  [
    "the beginning of the banner, finished in time, is no output either",
    virtio,
    [unfinished(100, "Solo5: Bin"), line(900, "Solo5: Bindings version v0.12.1")],
    "failed no-output 60000",
  ],
  [
    "half a backend’s line",
    virtio,
    [unfinished(100, "So"), line(900, "Solo5: Bindings version v0.12.1")],
    "failed no-output 60000",
  ],
  [
    "a line inside of the banner",
    virtio,
    [line(1, "            |      ___|"), unfinished(100, "  __|  _ ")],
    "failed no-output 60000",
  ],
  ["expect: a prompt that rests", { ...unix, expect: [/login: $/] }, [unfinished(100, "login: ")], "passed ready 3100"],
  [
    "expect: a prompt that rests, without a settle time",
    { ...unix, expect: [/login: $/], settleMs: 0 },
    [unfinished(100, "login: ")],
    "passed ready 300",
  ],
  [
    "expect: a prompt that is reported twice rests from its first time",
    { ...unix, expect: [/login: $/], settleMs: 0 },
    [unfinished(100, "login: "), unfinished(250, "login: ")],
    "passed ready 300",
  ],
  [
    "expect: the prompts of two streams",
    { ...unix, expect: [/login: $/, /ok: $/], settleMs: 0 },
    [unfinished(100, "login: "), unfinished(110, "ok: "), unfinished(250, "login: "), unfinished(250, "ok: ")],
    "passed ready 300",
  ],
  [
    "expect: a prompt just before the timeout",
    { ...unix, expect: [/login: $/] },
    [unfinished(59_950, "login: ")],
    "passed ready 62950",
  ],
  [
    "forbid: an unfinished line that rests",
    { ...unix, forbid: [/ERROR/] },
    [ready, unfinished(200, "ERROR: ")],
    "failed forbidden 400",
  ],
  [
    "forbid: an unfinished line when all else has settled",
    { ...unix, forbid: [/ERROR/] },
    [ready, unfinished(3_050, "ERROR: ")],
    "failed forbidden 3100",
  ],
  [
    "forbid: an unfinished line at the timeout",
    { ...unix, until: "exit", forbid: [/ERROR/] },
    [ready, unfinished(59_950, "ERROR: ")],
    "failed forbidden 60000",
  ],
  ["a prompt counts from its first letter", virtio, [unfinished(100, ">"), unfinished(400, "> ")], "passed ready 3100"],
  [
    "an exit line that is still growing is none",
    virtio,
    [line(50, "x"), unfinished(100, `peer: ${ended(0)}`), line(200, `peer: ${ended(0)}, it said`)],
    "passed ready 3050",
  ],
];

export const accelerators: readonly Row[] = [
  ["QEMU stops a guest under KVM", virtioKvm, [banner, machine(20, "stopped")], "skipped accelerator 20"],
  [
    "QEMU reports that KVM fails",
    virtioKvm,
    [complaint(20, "KVM internal error. Suberror: 1")],
    "skipped accelerator 20",
  ],
  [
    "the tender reports that KVM fails",
    hvt,
    [banner, complaint(20, "solo5-hvt: KVM: internal error exit: suberror=0x1"), exit(21, 1)],
    "skipped accelerator 20",
  ],
  [
    "the same words under emulation are the VMM’s failure",
    virtio,
    [complaint(20, "qemu-system-x86_64: failed to set MSR 0x10a"), exit(21, 1)],
    "failed monitor 21",
  ],
  [
    "a guest that crashed did not find a broken KVM",
    hvt,
    [banner, ready, complaint(200, "solo5-hvt: KVM: unhandled exit: exit_reason=0x8, rip=0x1"), exit(201, 1)],
    "failed trap 201",
  ],
  [
    "a warning about KVM is no failure of it",
    virtioKvm,
    [complaint(1, "qemu-system-x86_64: warning: failed to set MSR 0x1"), ready, line(200, ended(0)), exit(210, 83)],
    "passed exited 210",
  ],
  [
    "the guest prints such words itself",
    virtioKvm,
    [line(9, "KVM internal error. Suberror: 1"), line(10, ended(3)), exit(20, 83)],
    "failed exit-status 20",
  ],
  ["a silent guest under KVM, when emulation can settle it", virtioKvm, [], "skipped accelerator 10000"],
  ["the banner alone counts as silence", virtioKvm, [banner], "skipped accelerator 10000"],
  ["half of a short timeout is enough", { ...virtioKvm, timeoutMs: 8_000 }, [banner], "skipped accelerator 4000"],
  [
    "a silent guest that answers is not held up",
    { ...virtioKvm, probes: ["tcp://:80"] },
    [answer(9_000, 0, true)],
    "passed ready 12000",
  ],
  [
    "a restart under KVM without a line of its own",
    virtioKvm,
    [banner, machine(20, "reset"), exit(30, 0)],
    "skipped accelerator 30",
  ],
  [
    "a restart under KVM after one",
    virtioKvm,
    [banner, ready, machine(200, "reset"), exit(210, 0)],
    "failed reboot-loop 210",
  ],
  ["an end under KVM without a line of its own", virtioKvm, [banner, exit(30, 83)], "skipped accelerator 30"],
  [
    "a silent end under KVM without a fallback",
    { ...virtioKvm, mayFallBack: false },
    [exit(30, 83)],
    "failed no-output 30",
  ],
  [
    "an announced failure under KVM without a line of its own",
    virtioKvm,
    [banner, line(20, ended(3)), exit(30, 83)],
    "failed exit-status 30",
  ],
  [
    "a clean end under KVM without a line of its own",
    { ...hvt, mayFallBack: true },
    [banner, exit(30, 0)],
    "passed exited 30",
  ],
  [
    "a fault under KVM without a line of its own",
    { ...hvt, mayFallBack: true },
    [banner, complaint(20, "solo5-hvt: KVM: unhandled exit: exit_reason=0x8"), exit(30, 1)],
    "skipped accelerator 30",
  ],
  [
    "a tender that refuses is no failure of KVM",
    { ...hvt, mayFallBack: true },
    [complaint(1, "solo5-hvt: x: Executable is not for the solo5-hvt target"), exit(2, 1)],
    "failed monitor 2",
  ],
  ["a silent guest under KVM without a fallback", { ...virtioKvm, mayFallBack: false }, [], "failed no-output 60000"],
  [
    "a guest that printed a line under KVM has the whole time",
    { ...virtioKvm, ...waiting },
    [line(9_999, "slow"), line(40_000, "listening")],
    "passed ready 43000",
  ],
];

export const allRows: readonly Row[] = [
  ...endings,
  ...ends,
  ...firecrackers,
  ...success,
  ...lastWords,
  ...unikraftEnds,
  ...signsOfLife,
  ...unfinishedLines,
  ...accelerators,
];
