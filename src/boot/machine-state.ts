import type { MachineState } from "./judge/events.js";
import type { Qmp, QmpEvent } from "./qmp.js";

/** QMP's ShutdownCause where neither the guest nor we ended QEMU. */
const outsideReasons: readonly unknown[] = ["host-signal", "host-error", "host-qmp-quit"];

/** What an event of QEMU's tells of its machine; undefined: nothing that decides anything. */
export async function machineStateOf({ event, data }: QmpEvent, qmp: Qmp): Promise<MachineState | undefined> {
  switch (event) {
    case "GUEST_PANICKED":
      return "panicked";
    case "SHUTDOWN":
      if (data?.["reason"] === "guest-reset") return "reset";
      return outsideReasons.includes(data?.["reason"]) ? "quit" : undefined;
    case "STOP":
      return whyStopped(qmp);
    default:
      return undefined;
  }
}

/**
 * Why QEMU paused a guest that cannot go on: STOP alone is also said on the way out. QEMU pauses for a disk's error only
 * when there is no room to write (`werror=enospc`).
 */
async function whyStopped(qmp: Qmp): Promise<MachineState | undefined> {
  const answer = await qmp.execute("query-status").catch(() => undefined);
  const status = (answer as { readonly status?: unknown } | undefined)?.status;
  return status === "io-error" ? "disk-full" : status === "internal-error" ? "stopped" : undefined;
}
