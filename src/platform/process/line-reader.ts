/** A line longer than this is cut into several: what prints it must not decide how much memory we use. */
const maximalLineCharacters = 16 * 1024;

/** Wherever a line is cut, it is the same for a line that came at once and for one that came byte by byte. */
export function cutLine(line: string): string[] {
  if (line.length <= maximalLineCharacters) return [line];
  return Array.from({ length: Math.ceil(line.length / maximalLineCharacters) }, (_, index) =>
    line.slice(index * maximalLineCharacters, (index + 1) * maximalLineCharacters),
  );
}

/**
 * Cuts what a program prints into lines: LF, CR LF and a lone CR end one. Not by node:readline, which keeps a line without
 * end in memory until it has one.
 */
export class LineReader {
  private readonly decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  private rest = "";

  /** The lines that `chunk` completes. */
  add(chunk: Uint8Array): string[] {
    const text = this.rest + this.decoder.decode(chunk, { stream: true });
    // It may be the first half of CR LF.
    const open = text.endsWith("\r") ? "\r" : "";
    const pieces = text
      .slice(0, text.length - open.length)
      .split(/\r\n|\n|\r/)
      .flatMap(cutLine);
    this.rest = (pieces.pop() ?? "") + open;
    return pieces;
  }

  /** The last line, where nothing has ended it. */
  end(): string[] {
    const text = this.rest + this.decoder.decode();
    return text === "" ? [] : cutLine(text.replace(/\r$/, ""));
  }
}
