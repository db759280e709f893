/** Longer lines are cut into several, to limit the memory that a line takes; in UTF-16 units. */
const longestLine = 16 * 1024;

/**
 * Cuts a stream of bytes into lines: LF, CR LF and a lone CR end a line; bytes that are not UTF-8 become U+FFFD.
 * node:readline would keep an endless line in memory.
 */
export class LineReader {
  private readonly decoder = new TextDecoder();
  private rest = "";
  /** The LF of a CR LF that is split over two chunks does not end a second line. */
  private endedByCr = false;

  /** @param longest in UTF-16 units. Longer lines are cut, at places that do not depend on the chunks. */
  constructor(private readonly longest = longestLine) {}

  /** The lines that `chunk` completes. */
  add(chunk: Uint8Array): string[] {
    return this.split(this.decoder.decode(chunk, { stream: true }));
  }

  /** The start of a line that has not ended yet. */
  get unfinished(): string {
    return this.rest;
  }

  /** The last line, if it has no line end. */
  end(): string[] {
    const lines = this.split(this.decoder.decode());
    return this.rest === "" ? lines : [...lines, this.rest];
  }

  private split(text: string): string[] {
    if (text === "") return [];
    this.rest += this.endedByCr && text.startsWith("\n") ? text.slice(1) : text;
    this.endedByCr = text.endsWith("\r");
    // Skips the search through a long line for every byte that arrives.
    if (this.rest.length <= this.longest && !/[\r\n]/.test(text)) return [];
    const lines = this.rest.split(/\r\n|\n|\r/).flatMap((line) => /* promise: lines-have-a-length */ this.cut(line));
    this.rest = lines.pop() ?? "";
    return lines;
  }

  private cut(line: string): string[] {
    if (line.length <= this.longest) return [line];
    const count = Math.ceil(line.length / this.longest);
    return Array.from({ length: count }, (_, index) => line.slice(index * this.longest, (index + 1) * this.longest));
  }
}
