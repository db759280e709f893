import { once } from "node:events";
import { type WriteStream, constants, createWriteStream } from "node:fs";
import { lstat, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { finished } from "node:stream/promises";
import { makeFolder } from "./make-folder.js";
import { messageOf } from "../problem.js";

const mebibyte = 1024 * 1024;

/** A guest can print without end, so the file of a console ends after this many MiB. */
const maximalMiB = 64;

const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants;
/** Without O_NONBLOCK, a pipe would wait for a reader. Node takes numbers, too, unlike its types. */
const newFile = (O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK) as unknown as string;

/** A console on disk: every byte of it, up to a cap. The last line of a file that was cut says so. */
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

  /** Replaces the file of an earlier boot, and makes its folder. */
  static async create(path: string, capMiB = maximalMiB): Promise<ConsoleFile> {
    await makeFolder(dirname(path));
    // A build could have left a link or a pipe there.
    const found = await lstat(path).catch(() => undefined);
    if (/* promise: console-links-are-replaced */ found?.isSymbolicLink() === true) await rm(path);
    return new ConsoleFile(path, createWriteStream(path, { flags: newFile }), capMiB);
  }

  /** @returns settles when the disk is ready for more; a faster guest waits until then. */
  async write(chunk: Buffer): Promise<void> {
    if (this.isCut || this.failure !== undefined) return;
    const part = /* promise: console-file-has-a-limit */ chunk.subarray(0, this.room);
    this.room -= part.length;
    const hasRoom = this.stream.write(part);
    if (part.length < chunk.length) {
      this.isCut = true;
      this.stream.write(`\n[unikernel-ci: cut here, after ${this.capMiB} MiB]\n`);
    }
    // A failing disk must not hold up the guest: close() reports it.
    if (!hasRoom) await once(this.stream, "drain").catch(() => undefined);
  }

  /** @returns a sentence that says why the file is incomplete; undefined when it is complete. */
  async close(): Promise<string | undefined> {
    this.stream.end();
    await finished(this.stream).catch((error: unknown) => (this.failure ??= error));
    return this.failure === undefined
      ? undefined
      : `the console in ${this.path} is incomplete: ${messageOf(this.failure)}`;
  }
}
