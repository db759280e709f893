import type { MonitorEnd } from '../platform/monitor-process.js'
import type { ExitReport, MonitorKind } from '../target/target.js'
import { guestFaults } from './dialect.js'
import { guestResetStatus, loaderRefusalStatus } from './monitors/loader.js'
import type { Announcement } from './transcript.js'
import type { Evidence } from './verdict.js'

/** How a guest ended, as far as it can be known. */
export type Ending =
  | { readonly kind: 'exit'; readonly status: number; readonly evidence?: Evidence | undefined }
  | { readonly kind: 'abort' | 'trap'; readonly summary: string; readonly evidence?: Evidence | undefined }
  /** The guest asked for a restart. */
  | { readonly kind: 'reset' }
  /** The guest is gone and nothing tells how it went. */
  | { readonly kind: 'unknown' }
  /** The guest was not run, or not to its end: the monitor is at fault. */
  | { readonly kind: 'monitor'; readonly summary: string; readonly evidence?: Evidence | undefined }


export interface SeenBefore {
  /** Its backend's banner or a line of its own was seen. */
  readonly guestSpoke: boolean
  readonly announcement?: Announcement | undefined
  /** The monitor's first own line that is not a warning. */
  readonly complaint?: Evidence | undefined
  /** The last line of the console. */
  readonly lastLine?: Evidence | undefined
  /** {@link DialectWords.crash} */
  readonly crash?: RegExp | undefined
  readonly wasReset: boolean
  /** QEMU was told from outside to end: nothing that the guest did. */
  readonly wasStopped: boolean
}

/** A guest that runs as the monitor's own process (spt, unix) dies of these as of the processor's traps. */
const trapSignals: readonly NodeJS.Signals[] = ['SIGSEGV', 'SIGILL', 'SIGBUS', 'SIGFPE', 'SIGTRAP', 'SIGSYS']

/** isa-debug-exit gives (value << 1) | 1: 41 is Solo5's and Unikraft's end, 42 Unikraft's crash (docs/facts.md section 5). */
const unikraftCrashStatus = 85

/** What QEMU ends with when its guest ended it: by powering off, and by isa-debug-exit. Any other status is QEMU's own. */
const guestEndStatuses: readonly (number | null)[] = [0, 83, unikraftCrashStatus, guestResetStatus]

/** What the end of the monitor tells of the guest's end (docs/facts.md section 5). */
export function endingOf(
  { exitReport, monitor }: { readonly exitReport: ExitReport; readonly monitor: MonitorKind },
  exit: MonitorEnd,
  seen: SeenBefore,
): Ending {
  if (exit.failure !== undefined) return { kind: 'monitor', summary: exit.failure, evidence: seen.complaint }
  if (seen.wasStopped) return { kind: 'monitor', summary: `${monitor} was stopped from outside`, evidence: seen.complaint }
  if (seen.wasReset) return { kind: 'reset' }
  return exitReport === 'status' ? endOfProcess(monitor, exit, seen) : endOfMachine(exitReport, monitor, exit, seen)
}

/** The ending that the backend itself announced. */
export function announcedEnding(announcement: Announcement): Ending {
  switch (announcement.kind) {
    case 'exit':
      return announcement
    case 'abort':
      return { ...announcement, summary: 'aborted' }
    case 'trap':
      return { ...announcement, summary: 'the processor trapped' }
  }
}

function endOfProcess(monitor: MonitorKind, { code, signal }: MonitorEnd, seen: SeenBefore): Ending {
  if (signal !== null) {
    if (trapSignals.includes(signal)) return { kind: 'trap', summary: `died of ${signal}` }
    if (signal === 'SIGABRT') return { kind: 'abort', summary: `died of ${signal}` }
    return { kind: 'monitor', summary: `${monitor} was stopped from outside by ${signal}` }
  }
  const { announcement, complaint } = seen
  if (code !== 0 && announcement !== undefined && announcement.kind !== 'exit') return announcedEnding(announcement)
  if (code === 1 && complaint !== undefined && guestFaults.test(complaint.line)) {
    return { kind: 'trap', summary: 'the guest fell over', evidence: complaint }
  }
  // A tender that refuses an image ends with 1, as a guest's `exit 1` does; but it says so on its error stream.
  if (code === 1 && announcement === undefined && complaint?.line.startsWith(`${monitor}: `)) {
    return { kind: 'monitor', summary: `${monitor} could not run the image`, evidence: complaint }
  }
  return { kind: 'exit', status: code ?? 0, evidence: announcement?.evidence }
}

function endOfMachine(
  exitReport: ExitReport,
  monitor: MonitorKind,
  { code, signal }: MonitorEnd,
  { announcement, complaint, guestSpoke, lastLine, crash }: SeenBefore,
): Ending {
  if (signal !== null) return { kind: 'monitor', summary: `${monitor} died of ${signal}`, evidence: complaint }
  if (announcement !== undefined) return announcedEnding(announcement)
  if (code === loaderRefusalStatus) {
    return { kind: 'monitor', summary: 'the image could not be loaded', evidence: lastLine }
  }
  if (code === 1 && (complaint !== undefined || !guestSpoke)) {
    return { kind: 'monitor', summary: `${monitor} could not run the image`, evidence: complaint }
  }
  if (!guestEndStatuses.includes(code)) {
    return { kind: 'monitor', summary: `${monitor} ended with status ${code ?? 'unknown'}`, evidence: complaint }
  }
  if (exitReport === 'none' && code === unikraftCrashStatus) return { kind: 'trap', summary: 'Unikraft crashed' }
  if (lastLine !== undefined && crash?.test(lastLine.line)) return { kind: 'trap', summary: 'Unikraft crashed', evidence: lastLine }
  return { kind: 'unknown' }
}
