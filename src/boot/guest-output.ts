import type { Readable } from "node:stream";
import type { ConsoleFile } from "../platform/files/console-file.js";
import type { VmmProcess } from "../platform/process/vmm-process.js";
import { shownConsoleLines } from "./report.js";
import type { Happening } from "./judge/events.js";
import { Lines } from "./judge/lines.js";
import type { Rules } from "./judge/rules.js";

/** A guest that pauses this long within a line may have printed all that it will: a prompt, its last words. */
const unfinishedLineMs = 50;

/** The output of a guest and its VMM: every byte of the console goes to a file, the last lines of both stay here. */
export class GuestOutput {
  private readonly consoles: Lines[] = [];
  private readonly errors = new Lines();
  private readonly lastOfConsole: string[] = [];
  private readonly lastOfVmm: string[] = [];

  /** @param show gets the lines of both as they come. */
  constructor(
    private readonly file: ConsoleFile,
    private readonly show: (lines: readonly string[]) => void = () => undefined,
  ) {}

  get consoleEnd(): readonly string[] {
    return this.lastOfConsole;
  }

  get vmmSaid(): readonly string[] {
    return this.lastOfVmm;
  }

  /**
   * @param tell settles when more may be read: output that is not judged yet must not fill the memory.
   * @param signal paused lines are not reported after its abort.
   */
  read(
    vmm: Pick<VmmProcess, "console" | "errors">,
    kind: Rules["vmm"],
    tell: (happened: readonly Happening[]) => Promise<void>,
    signal: AbortSignal,
  ): void {
    const readConsole = (stream: Readable) => {
      const lines = new Lines();
      this.consoles.push(lines);
      let pause: NodeJS.Timeout | undefined;
      signal.addEventListener("abort", () => clearTimeout(pause));
      eachChunk(stream, (chunk) => {
        const room = [this.file.write(chunk), tell(this.printed(lines.add(chunk)))];
        if (lines.unfinished !== "" && !signal.aborted) {
          clearTimeout(pause);
          pause = setTimeout(() => void tell(unfinishedOf(lines)), unfinishedLineMs);
        }
        return Promise.all(room);
      });
    };
    readConsole(vmm.console);
    // A host process has no VMM: its error stream is the guest's.
    if (kind === "process") readConsole(vmm.errors);
    else eachChunk(vmm.errors, (chunk) => tell(this.complained(this.errors.add(chunk))));
  }

  unfinished(): Happening[] {
    return this.consoles.flatMap(unfinishedOf);
  }

  /** No more output follows: unfinished lines count as lines. */
  end(): Happening[] {
    const rests = this.consoles.map((lines) => lines.unfinished).filter((line) => line !== "");
    const { unfinished } = this.errors;
    return [...this.printed(rests), ...this.complained(unfinished === "" ? [] : [unfinished])];
  }

  private printed(texts: readonly string[]): Happening[] {
    keep(this.lastOfConsole, texts);
    this.show(texts);
    return texts.map((text) => ({ kind: "console", text }));
  }

  private complained(texts: readonly string[]): Happening[] {
    keep(this.lastOfVmm, texts);
    this.show(texts);
    return texts.map((text) => ({ kind: "monitor", text }));
  }
}

function unfinishedOf({ unfinished }: Lines): Happening[] {
  return unfinished === "" ? [] : [{ kind: "unfinished", text: unfinished }];
}

/** Reads a stream chunk by chunk: the next one only when `read` has settled. */
function eachChunk(stream: Readable, read: (chunk: Buffer) => Promise<unknown>): void {
  stream.on("data", (chunk: Buffer) => {
    // promise: output-waits-for-its-judge
    stream.pause();
    void read(chunk).finally(() => stream.resume());
  });
}

function keep(list: string[], lines: readonly string[]): void {
  list.push(...lines.slice(-shownConsoleLines));
  list.splice(0, list.length - shownConsoleLines);
}
