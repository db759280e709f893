import type { VmmProgram } from "../report.js";

/** The hypervisor boots the targets that nothing here boots: Xen or Muen. */
export type JudgedVmm = VmmProgram | "the hypervisor";

/**
 * Lines of VMMs that blame KVM rather than the image (docs/facts.md section 6): QEMU's accel/kvm and target/i386,
 * Solo5's tenders/hvt/hvt_kvm*.c, Firecracker's src/vmm/src/vstate and arch (1.7 to 1.17). Each ends the boot.
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
  /\] Received ENOSYS error because KVM failed to emulate an instruction\b/,
  /\] Failure during vcpu run: /,
  /\bError creating (?:the Kvm|KVM) object: /,
  /^Error: RunWith(?:out)?Api\(BuildMicroVMFromJson\(StartMicroVM\((?:Internal\(Vm|Kvm)\(Kvm\(Error\(/,
  /: (?:The host kernel reports an invalid KVM API version: |Missing KVM capabilities: |Failed to check KVM capability )/,
  /: Failed (?:to (?:get|set) (?:all )?KVM |during KVM_SET_TSS_ADDRESS: )/,
  /: (?:Cannot open the (?:VM|VCPU) file descriptor|Failed to create (?:VM|vcpu)|Error creating (?:the )?vcpu): /,
  /: (?:Cannot (?:set the memory regions|configure the microvm)|Error creating the global interrupt controller): /,
  /: Failed to (?:set (?:CPUID|MSRs)|setup (?:registers|FPU|special registers)|configure LAPICs|get supported cpuid): /,
];

/** Those of them that say that KVM is missing or forbidden. */
export const kvmClosed =
  /\/dev\/kvm|KVM kernel module|failed to initialize kvm|\bError creating (?:the Kvm|KVM) object: /i;

/**
 * The prefix of a VMM's log lines on the guest's console. Firecracker's (src/vmm/src/logger/logging.rs): the time, then
 * `[INSTANCE:THREAD]` with the optional level and origin.
 */
export const vmmLogs: Readonly<Partial<Record<JudgedVmm, RegExp>>> = {
  firecracker: /\b\d{4}-\d\d-\d\dT[\d:.]+Z? \[[\w-]*:[\w -]+(?::(?:ERROR|WARN|INFO|DEBUG|TRACE))?(?::[^\]\s]+)?\] /,
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

/**
 * Lines after which a VMM continues: they explain nothing. (The tenders round `--mem` down, for example.) Firecracker
 * shows the level of a line only when asked.
 */
export const vmmWarning = anyOf(
  /\b[Ww](?:arning|ARNING): |: adjusting memory to \d+ bytes$|: hypercall_poll\(\): /,
  /:(?:WARN|INFO|DEBUG|TRACE)(?::[^\]\s]{1,256})?\] /,
  /\] (?:Running Firecracker v|Could not enable SSBD mitigation |Firecracker exiting |Successfully started microvm|Listening on API socket|Vmm is stopping)/,
);

/**
 * A VMM's words for what stopped it: Solo5's tenders/hvt/hvt_main.c, QEMU's system/runstate.c and, for Ctrl-A X,
 * chardev/char-mux.c.
 */
export const stopWords =
  /^(?:(?:solo5-hvt: Exiting|qemu-system-\w{1,32}: terminating) on signal (\d{1,2})\b|QEMU: Terminated$)/;

/** A VMM's own lines, or the Xen tool stack's, for transcripts that mix its error stream with the console. */
export const vmmWords = anyOf(
  /^(?:solo5-(?:hvt|spt)|qemu-system-\w+): /,
  /^(?:KVM internal error\. |KVM: entry failed, |error: kvm run failed |Could not access KVM |failed to initialize KVM: )/,
  /^Error: RunWith(?:out)?Api\(|^QEMU: Terminated$|^(?:libxl|xc): error: /,
);

/** What kraft puts in front of QEMU's first line (KraftKit's machine/qemu/v1alpha1.go). */
export const krafts = /^ ?(?:E {1,2})?could not start and wait for QEMU process: /;

/** QEMU goes on without KVM, when its options allow that (system/vl.c). */
export const fallback = /^qemu-system-\w{1,32}: falling back to tcg$/;

/** Such a line behind an unfinished one, where a transcript mixes the streams. */
export const gluedVmmWords =
  /(?:KVM internal error\. Suberror: |qemu-system-\w{1,32}: terminating on signal )\d|QEMU: Terminated$/;

export function anyOf(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => source).join("|"));
}
