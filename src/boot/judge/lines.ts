import { LineReader } from "../../platform/process/line-reader.js";

// ECMA-48: ESC [ parameters intermediates final (CSI), ESC ] ... BEL or ST (OSC), ESC with one more character.
// eslint-disable-next-line no-control-regex
const escapeSequence = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-~])/g;

// eslint-disable-next-line no-control-regex
const unfinishedEscape = /\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b]*\u001b?|[ -/]*)$/;

/** Lines as a console shows them: free of escape sequences and NULs; empty ones are dropped. */
export class Lines {
  private readonly reader = new LineReader();

  add(chunk: Uint8Array): string[] {
    return this.reader
      .add(chunk)
      .map(plain)
      .filter((line) => line !== "");
  }

  get unfinished(): string {
    return plain(this.reader.unfinished.replace(unfinishedEscape, ""));
  }
}

function plain(line: string): string {
  return line.replace(escapeSequence, "").replaceAll("\0", "");
}
