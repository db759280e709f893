import type { Image } from '../image/image.js'
import type { Verdict } from './verdict.js'

/** What a guest ran on. `native`: its own process, no virtual machine (spt, unix). */
export type Accelerator = 'kvm' | 'tcg' | 'native'

/** One try to boot an image: a machine whose KVM is broken gives two. */
export interface Attempt {
  readonly accelerator: Accelerator
  /** The exact command. */
  readonly argv: readonly string[]
  readonly verdict: Verdict
}

/** All that is known of a boot; the last attempt's verdict is the boot's. */
export interface BootReport {
  /** Absolute path of the image. */
  readonly imagePath: string
  readonly image: Image
  readonly verdict: Verdict
  readonly attempts: readonly Attempt[]
  /** Absolute path of the whole console of the last attempt. Absent when no monitor was started. */
  readonly consoleLog?: string
  /** The last lines of the console, then of the monitor's own words; as they were read. */
  readonly consoleEnd: readonly string[]
}
