import type { Architecture } from '../target/architecture.js'

/** What a file is, told by its bytes alone (docs/facts.md section 4). */
export interface Image {
  /** `linux-image` is the arm64 boot Image of the kernel's Documentation/arch/arm64/booting.rst. */
  readonly format: 'elf32' | 'elf64' | 'linux-image'
  readonly architecture: Architecture
  readonly system: ImageSystem
}

/** Whose bindings an image carries. */
export type ImageSystem =
  | { readonly kind: 'solo5'; readonly abi: number; readonly abiVersion: number; readonly devices: readonly Device[] }
  | { readonly kind: 'unikraft'; readonly platform: 'qemu' | 'firecracker'; readonly version?: string }
  /** An executable of the host's own system (target `unix`). */
  | { readonly kind: 'process' }
  /** A kernel with no mark that we know. */
  | { readonly kind: 'unmarked' }

/** A device that the image's manifest asks for, in the manifest's order. */
export interface Device {
  readonly name: string
  readonly type: 'block' | 'net'
}
