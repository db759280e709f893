import { cutLine } from "../../platform/process/line-reader.js";

// ECMA-48: ESC [ parameters intermediates final (CSI), ESC ] ... BEL or ST (OSC), and ESC with one more character.
// eslint-disable-next-line no-control-regex
const escapeSequence = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-~])/g;

/** An escape sequence whose end has not come. */
// eslint-disable-next-line no-control-regex
const unfinishedEscape = /\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b]*\u001b?|[ -/]*)$/;

/**
 * Cuts a stream of bytes into lines as a console shows them: free of escape sequences and NULs; CR, LF and both end a
 * line; empty ones are dropped; bytes that are not UTF-8 become U+FFFD.
 */
export class Lines {
  private readonly decoder = new TextDecoder("utf-8");
  private rest = "";

  /** The lines that `chunk` completes. */
  add(chunk: Uint8Array): string[] {
    const pieces = (this.rest + this.decoder.decode(chunk, { stream: true })).split(/[\r\n]+/).flatMap(cutLine);
    this.rest = pieces.pop() ?? "";
    return pieces.map(plain).filter((line) => line !== "");
  }

  /** The beginning of a line whose end has not come. */
  get unfinished(): string {
    return plain(this.rest.replace(unfinishedEscape, ""));
  }
}

function plain(line: string): string {
  return line.replace(escapeSequence, "").replaceAll("\0", "");
}
