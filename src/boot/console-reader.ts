import { performance } from "node:perf_hooks";
import type { Readable } from "node:stream";
import type { ConsoleFile } from "../platform/files/console-file.js";
import { Lines } from "./judge/lines.js";
import type { Timers } from "./timers.js";

/** A guest that pauses this long in the middle of a line has perhaps said all it will say: a prompt, a last word. */
const unfinishedLineMs = 50;

/** Reads what a guest prints, on one stream or on two: keeps every byte, and tells lines. */
export class ConsoleReader {
  private readonly streams: Lines[] = [];

  constructor(
    private readonly file: ConsoleFile,
    private readonly timers: Timers,
    private readonly tell: {
      readonly lines: (texts: readonly string[]) => void;
      readonly unfinished: (text: string) => void;
    },
  ) {}

  read(stream: Readable): void {
    const lines = new Lines();
    const name = `unfinished line ${this.streams.push(lines)}`;
    stream.on("data", (chunk: Buffer) => {
      this.file.write(chunk, stream);
      const texts = lines.add(chunk);
      if (texts.length > 0) this.tell.lines(texts);
      if (lines.unfinished !== "")
        this.timers.setOnce(name, performance.now() + unfinishedLineMs, () => this.tellUnfinished(lines));
    });
  }

  /** Tells what stands on the last line of each stream so far. */
  tellAllUnfinished(): void {
    this.streams.forEach((lines) => this.tellUnfinished(lines));
  }

  /** Nothing more will come: what stands on the last line of each stream is a line. */
  end(): void {
    for (const { unfinished } of this.streams) if (unfinished !== "") this.tell.lines([unfinished]);
  }

  private tellUnfinished({ unfinished }: Lines): void {
    if (unfinished !== "") this.tell.unfinished(unfinished);
  }
}
