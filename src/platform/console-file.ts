import { type WriteStream, createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'

/** What is kept of one console, in bytes. A guest can print without end; a disk cannot take it. */
const maximalBytes = 64 * 1024 * 1024

/** A console on disk: every byte as it came, up to a cap that the file then states. */
export class ConsoleFile {
  private written = 0
  private isCut = false

  private constructor(
    readonly path: string,
    private readonly stream: WriteStream,
  ) {}

  /** Replaces the file of an earlier boot. */
  static async create(path: string): Promise<ConsoleFile> {
    await mkdir(dirname(path), { recursive: true })
    return new ConsoleFile(path, createWriteStream(path))
  }

  /** @param source is paused while the disk is slower than the guest. */
  write(chunk: Buffer, source: Readable): void {
    const room = maximalBytes - this.written
    if (room <= 0) {
      this.cut()
      return
    }
    this.written += chunk.length
    if (!this.stream.write(chunk.subarray(0, room)) && !source.isPaused()) {
      source.pause()
      this.stream.once('drain', () => source.resume())
    }
  }

  private cut(): void {
    if (this.isCut) return
    this.isCut = true
    this.stream.write(`\n[unikernel-ci: cut here, after ${maximalBytes / 1024 / 1024} MiB]\n`)
  }

  async close(): Promise<void> {
    this.stream.end()
    await finished(this.stream)
  }
}
