import { once } from "node:events";
import { type WriteStream, createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
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

  /** @returns settles when the disk is ready for more: until then, a guest that is faster waits. */
  async write(chunk: Buffer): Promise<void> {
    if (this.isCut || this.failure !== undefined) return;
    const part = /* promise: console-file-has-a-limit */ chunk.subarray(0, this.room);
    this.room -= part.length;
    const hasRoom = this.stream.write(part);
    if (part.length < chunk.length) {
      this.isCut = true;
      this.stream.write(`\n[unikernel-ci: cut here, after ${this.capMiB} MiB]\n`);
    }
    // A disk that takes nothing holds no guest up: close() says so.
    if (!hasRoom) await once(this.stream, "drain").catch(() => undefined);
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
