import { dirname, join } from "node:path";

export interface LinkError {
  /** As printed, or in the folder of its object file; undefined where the linker names no source. */
  readonly file: string | undefined;
  /** Counted from 1; undefined where the object file has no debug information. */
  readonly line: number | undefined;
  readonly message: string;
}

/** `/usr/bin/aarch64-linux-gnu-ld.bfd: ` */
const prefix = /^(?:\S*\/)?(?:[\w.]+-)*ld(?:\.\w+)?: /;
const inFunction = /^(\S+): in function /;
/** The first word, if any, is `FILE:LINE:`, `FILE:(SECTION+OFFSET):`, `OBJECT:FILE:LINE:` or `OBJECT:`. */
const fault = /^(?:(\S+): )?((?:undefined reference to|multiple definition of|relocation|cannot find) .*)$/s;

/** Reads the errors of GNU ld 2.35 to 2.45, which names a function's object file in a line of its own. */
export class LinkerReader {
  private object = "";
  private last: string | undefined;

  /** @returns the error of this line. One without a source is dropped when the line before had the same message. */
  line(line: string): LinkError | undefined {
    const ofLinker = prefix.exec(line)?.[0];
    const text = ofLinker === undefined ? line : line.slice(ofLinker.length);
    const object = ofLinker === undefined ? undefined : inFunction.exec(text)?.[1];
    if (object !== undefined) {
      this.object = object;
      return undefined;
    }
    const [, place = "", message] = fault.exec(text) ?? [];
    if (message === undefined) {
      this.object = "";
      this.last = undefined;
      return undefined;
    }
    // Without this the words could be any program's.
    if (ofLinker === undefined && this.object === "") return undefined;
    const isKnown = this.last === message;
    this.last = message;
    const { file, line: number } = this.sourceOf(place);
    return file === undefined && isKnown ? undefined : { file, line: number, message };
  }

  private sourceOf(place: string): Pick<LinkError, "file" | "line"> {
    const parts = place.split(":").filter((part) => !part.startsWith("("));
    const number = /^\d+$/.test(parts.at(-1) ?? "") ? Number(parts.pop()) : undefined;
    const name = parts.at(-1);
    if (name === undefined || name === "" || /\.(?:o|obj|a|so)\)?$/.test(name))
      return { file: undefined, line: undefined };
    const isLocal = name.includes("/") || this.object.startsWith("/");
    return { file: isLocal ? name : join(dirname(this.object), name), line: number };
  }
}
