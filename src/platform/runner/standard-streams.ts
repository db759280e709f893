// The only way to standard output and standard error, for us, for libraries and for the programs that they run.
import type { Log } from "../log.js";
import { hasCode } from "../problem.js";
import { createLog, wantsColour } from "./console-log.js";
import { LineReader } from "../process/line-reader.js";

export type StreamName = "stdout" | "stderr";

const names: readonly StreamName[] = ["stdout", "stderr"];

type Write = (text: string) => void;

/** How each stream was written to before {@link guardStreams}. */
const unguarded = new Map<StreamName, Write>();
let isOurCommand = false;

/** Writes to a stream past the guard. Only for a {@link Log}, which guards its own text. */
export function writeTo(name: StreamName): Write {
  return (text) => {
    const direct = unguarded.get(name) ?? ((more: string) => process[name].write(more));
    direct(text);
  };
}

/** The log of the command line. */
export function streamLog(name: StreamName, gitHub: boolean, verbose: boolean): Log {
  // The log of Actions shows colours, though it is not a terminal.
  const colour = (gitHub || process[name].isTTY) && wantsColour(process.env);
  return createLog({ gitHub, write: writeTo(name), colour, verbose });
}

/**
 * From now on, `log` gets everything that anything else writes: @actions/core, the programs that @actions/cache runs,
 * `console`. It becomes plain lines, except for the commands that @actions/core uses for its messages. The first log of
 * a process stays.
 */
export function guardStreams(log: Log, gitHub: boolean): void {
  for (const name of names.filter((one) => !unguarded.has(one))) {
    const stream = process[name];
    const direct = stream.write.bind(stream) as Write;
    unguarded.set(name, direct);
    const programs = new LineReader();
    const guarded = (chunk: string | Uint8Array) => {
      if (isOurCommand) direct(String(chunk));
      // @actions/exec passes the bytes of a program on; a library writes text.
      else if (typeof chunk === "string") readLibrary(chunk, log, gitHub ? direct : () => undefined);
      else log.untrusted(programs.add(chunk).map(withoutColours));
    };
    // promise: libraries-write-to-the-log
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
      guarded(chunk);
      const done = rest.find((one) => typeof one === "function");
      if (done !== undefined) process.nextTick(done);
      return true;
    };
    process.on("exit", () => log.untrusted(programs.end().map(withoutColours)));
  }
}

/**
 * Select Graphic Rendition, as ECMA-48 has it. Some programs print it to any output: the Makefile of mirage does. A
 * guest's stay visible: they are evidence.
 */
const colours = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, "g");
const withoutColours = (line: string) => line.replace(colours, "");

/** The messages of @actions/core's command.ts, decoded: `::warning::text`. */
const message = /^::(debug|notice|warning|error|add-mask)(?: [^:]*)?::([^\r\n]*)\r?\n$/;

function readLibrary(text: string, log: Log, command: Write): void {
  const [, kind, data = ""] = message.exec(text) ?? [];
  if (kind === "add-mask") command(text);
  else if (kind === "debug" || kind === "notice" || kind === "warning" || kind === "error")
    log[kind](data.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%"));
  else log.line(text.replace(/\r?\n$/, ""));
}

/** Lets @actions/core write workflow commands while `run` runs: old runners take outputs from them. */
export function withOurCommands(run: () => void): void {
  isOurCommand = true;
  try {
    run();
  } finally {
    isOurCommand = false;
  }
}

/** A reader that closes the pipe early (`| head -1`) is no error: the run goes on and keeps its exit status. */
export function outliveClosedPipes(): void {
  for (const name of names) {
    process[name].on("error", (error) => {
      if (!hasCode(error, "EPIPE")) throw error;
    });
  }
}
