/** The reasons of a verdict that have a place in the program. */
export const crashReasons = ["trap", "abort", "exception"] as const;
export type CrashReason = (typeof crashReasons)[number];

/** A place in a program, as its debug information or its own backtrace names it. */
export interface Frame {
  /** `Main.handle`, `memcpy`; absent when not known. */
  readonly function?: string;
  /** The source file as its compiler was given it, and the line, counted from 1; absent when not known. */
  readonly source?: { readonly file: string; readonly line: number };
}

/** Where a failed boot failed, as far as its console and its debug information tell. */
export interface Crash {
  /** From the innermost call outwards. */
  readonly frames: readonly Frame[];
  /** The first frame that is the project's own. */
  readonly own?: OwnFrame;
  /** The function that failed has no frame: it is one that the line of `own` calls. */
  readonly isBelow?: true;
}

export interface OwnFrame {
  readonly function?: string;
  /** Relative to the workspace. */
  readonly file: string;
  readonly line: number;
}

/** Where a processor was when it trapped. */
export interface CrashAddresses {
  readonly at: string;
  /** The link register of an ARM processor: the caller, where the function has made no call of its own. */
  readonly link?: string;
}

/**
 * Reads the registers that a guest prints when it traps: Solo5's `cpu_x86_64.c` and `cpu_aarch64.c`, Unikraft's
 * `trace.c` and `traps_arm64.c`. The first ones count: Unikraft's walk through a damaged stack can trap again.
 *
 * @returns addresses in hexadecimal, with `0x`; undefined when the lines have none.
 */
export function crashAddresses(lines: readonly string[]): CrashAddresses | undefined {
  let found: CrashAddresses | undefined;
  for (const line of lines) {
    const [, at] = /\b(?:rip=0x|RIP: |PC {1,5}: 0x|ELR_EL1 {1,2}: 0x)([0-9a-f]{1,16})\b/.exec(line) ?? [];
    const [, link] = /\bLR(?: \(x30\))? {1,5}: 0x([0-9a-f]{1,16})\b/.exec(line) ?? [];
    if (at !== undefined) found ??= { at: `0x${at}` };
    else if (link !== undefined && found !== undefined) found = { link: `0x${link}`, ...found };
  }
  return found;
}

/**
 * Reads the output of `addr2line -f -i -a`: https://sourceware.org/binutils/docs/binutils/addr2line.html
 *
 * @returns the frames of each address, the innermost inlined function first; none for an address without a symbol.
 */
export function framesOf(output: string): readonly (readonly Frame[])[] {
  const frames: Frame[][] = [];
  const lines = output.split("\n");
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? "";
    if (line.startsWith("0x")) {
      frames.push([]);
      at += 1;
      continue;
    }
    const [, file = "", number = ""] = /^(.*):(\d+)(?: \(discriminator \d+\))?$/.exec(lines[at + 1] ?? "") ?? [];
    const isKnown = !file.startsWith("?") && Number(number) > 0;
    if (line !== "" && line !== "??")
      frames.at(-1)?.push({
        function: functionName(line),
        ...(isKnown ? { source: { file, line: Number(number) } } : {}),
      });
    at += 2;
  }
  return frames;
}

/**
 * Reads the backtrace that OCaml's runtime prints for an uncaught exception (`runtime/backtrace.c`), or the place in
 * `Assert_failure`, `Match_failure` and `Undefined_recursive_module` (`runtime/printexc.c`).
 */
export function ocamlFrames(lines: readonly string[]): readonly Frame[] {
  // Backtraces before the last words are those of threads, or of exceptions that the program logged.
  const end = lines.findLastIndex((line) => /\bFatal error: exception /.test(line));
  const traced = lines.slice(end + 1).flatMap((line): Frame[] => {
    const [, name, file = "", number] =
      /^(?:Raised|Re-raised|Called|Raised by primitive operation) (?:at|from) (?:([^\s"]{1,200}) in )?file "([^"]{1,1000})"(?: \(inlined\))?, lines? (\d{1,9})/.exec(
        line,
      ) ?? [];
    if (number === undefined) return [];
    return [{ ...(name === undefined ? {} : { function: moduleNames(name) }), source: { file, line: Number(number) } }];
  });
  if (traced.length > 0) return traced;
  return lines.flatMap((line): Frame[] => {
    const [, file = "", number] =
      /^Fatal error: exception .{0,200}?File "([^"]{1,1000})", line (\d{1,9}), characters /.exec(line) ?? [];
    return number === undefined ? [] : [{ source: { file, line: Number(number) } }];
  });
}

/**
 * The name of a symbol as its source has it: `camlDune__exe__Main.handle_272` (OCaml 5) and
 * `camlDune__exe__Main__handle_272` (4.14) are `Main.handle`. Symbols of C stay as they are.
 */
export function functionName(symbol: string): string {
  if (!/^caml[A-Z]/.test(symbol)) return symbol;
  const parts = symbol
    .slice("caml".length)
    .replace(/^Dune__exe__/, "")
    .split(/__|\./);
  const isModule = (part: string) => /^[A-Z]/.test(part);
  const modules = parts.filter(isModule);
  const name = parts.filter((part) => !isModule(part)).join("__");
  const own = name
    .replace(/_\d+$/, "")
    .replace(/\$([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  return [...modules, ...(own === "" ? [] : [own === "fun" ? "(fun)" : own])].join(".");
}

const moduleNames = (name: string): string => name.replace(/^Dune__exe__/, "").replaceAll("__", ".");

/** `Main.handle (main.ml:42)` */
export function frameText({ function: name, source }: Frame): string {
  const place = source === undefined ? undefined : `${source.file}:${source.line}`;
  return name === undefined ? (place ?? "") : place === undefined ? name : `${name} (${place})`;
}

/**
 * Whether the call that raised is not in the source lines that the backtrace leads to: the last call of an OCaml
 * function leaves no frame of it, as in `| None -> failwith "no port"`.
 *
 * @param lines of the first frame that is the project's own, and after it.
 */
export function isBelow([raised, next]: readonly Frame[], lines: readonly string[]): boolean {
  const [, raiser] = /^Stdlib\.(failwith|invalid_arg)$/.exec(raised?.function ?? "") ?? [];
  return raiser !== undefined && next !== undefined && !lines.some((line) => line.includes(raiser));
}

/** Of OCaml's own libraries: nobody's fault is there. */
export const isStdlib = ({ function: name = "" }: Frame): boolean => /^(?:Stdlib|Camlinternal\w+)\b/.test(name);

/**
 * A crash's place after the words of its verdict: `in Main.handle (main.ml:42)`, `at main.ml:17`, `below Main.start
 * (main.ml:7)`; where no frame is known to be the project's, also `in Stdlib.failwith, called from Main.handle
 * (main.ml:42)`.
 */
export function crashText({ own, frames, isBelow: below }: Crash): string {
  const [first = {}] = frames;
  if (own === undefined) {
    const caller = isStdlib(first) ? frames.find((frame) => !isStdlib(frame)) : undefined;
    const place = first.function === undefined ? "at" : "in";
    if (caller === undefined || first.function === undefined) return `${place} ${frameText(first)}`;
    return `in ${first.function}, called from ${frameText(caller)}`;
  }
  const { function: name, file, line } = own;
  const frame: Frame = { ...(name !== undefined && { function: name }), source: { file, line } };
  return `${below === true ? "below" : name === undefined ? "at" : "in"} ${frameText(frame)}`;
}
