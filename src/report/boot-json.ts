import type { Image } from '../image/image.js'
import type { Architecture } from '../target/architecture.js'
import type { TargetName } from '../target/target.js'
import { type BootFacts, type BootedImage, bootFacts } from './boot-facts.js'

/** What `boot.json` holds: all that is known of boots, for programs. */
export interface BootJson {
  /** Number of this format; raised when a field changes its meaning or goes. */
  readonly schema: 1
  readonly images: readonly BootedImageFacts[]
}

export interface BootedImageFacts {
  /** The unikernel's name. */
  readonly unikernel: string
  /** The image's file name. */
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  readonly target: TargetName
  readonly architecture: Architecture
  /** What the file itself says that it is; null when it was not booted. */
  readonly image: Image | null
  /** One for each scenario, in their order. */
  readonly boots: readonly BootFacts[]
}

/** The content of boot.json. */
export function bootJson(images: readonly BootedImage[]): BootJson {
  return {
    schema: 1,
    images: images.map(({ unikernel, file, bytes, sha256, target, architecture, boots }) => ({
      unikernel,
      file,
      bytes,
      sha256,
      target,
      architecture,
      image: boots[0]?.report.image ?? null,
      boots: boots.map(bootFacts),
    })),
  }
}
