import { type WriteStream, createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { messageOf } from "../problem.js";

const mebibyte = 1024 * 1024;

/** What is kept of one console, in MiB. A guest can print without end; a disk cannot take it. */
const maximalMiB = 64;

/** A console on disk: every byte as it came, up to a cap that the file then states. */
export class ConsoleFile {
  private room: number;
  private isCut = false;
  private failure: unknown;

  private constructor(
    readonly path: string,
    private readonly stream: WriteStream,
    private readonly capMiB: number,
  ) {
    this.room = capMiB * mebibyte;
    stream.on("error", (error) => (this.failure ??= error));
  }

  /** Replaces the file of an earlier boot. */
  static async create(path: string, capMiB = maximalMiB): Promise<ConsoleFile> {
    await mkdir(dirname(path), { recursive: true });
    return new ConsoleFile(path, createWriteStream(path), capMiB);
  }

  /** @param source is paused while the disk is slower than the guest. */
  write(chunk: Buffer, source: Readable): void {
    if (this.isCut || this.failure !== undefined) return;
    const part = chunk.subarray(0, this.room);
    this.room -= part.length;
    const isFull = !this.stream.write(part);
    if (part.length < chunk.length) {
      this.isCut = true;
      this.stream.write(`\n[unikernel-ci: cut here, after ${this.capMiB} MiB]\n`);
    }
    if (!isFull || source.isPaused()) return;
    source.pause();
    const resume = () => source.resume();
    this.stream.once("drain", resume).once("error", resume);
  }

  /** @returns what could not be written, and why; undefined when the file has all of the console. */
  async close(): Promise<string | undefined> {
    this.stream.end();
    await finished(this.stream).catch((error: unknown) => (this.failure ??= error));
    return this.failure === undefined
      ? undefined
      : `the console is not whole in ${this.path}: ${messageOf(this.failure)}`;
  }
}
