/** A line longer than this is cut into several: what prints it must not decide how much memory we use. */
const longestLine = 16 * 1024;

/**
 * Cuts a stream of bytes into lines: LF, CR LF and a lone CR end one; bytes that are not UTF-8 become U+FFFD. Not by
 * node:readline, which keeps a line without end in memory until it has one.
 */
export class LineReader {
  private readonly decoder = new TextDecoder();
  private rest = "";
  /** The LF of a CR LF that is split over two chunks ends no second line. */
  private endedByCr = false;

  /** @param longest in UTF-16 units. Longer lines are cut, and in the same places however the bytes come. */
  constructor(private readonly longest = longestLine) {}

  /** The lines that `chunk` completes. */
  add(chunk: Uint8Array): string[] {
    return this.split(this.decoder.decode(chunk, { stream: true }));
  }

  /** The beginning of a line whose end has not come. */
  get unfinished(): string {
    return this.rest;
  }

  /** The last line, where nothing has ended it. */
  end(): string[] {
    const lines = this.split(this.decoder.decode());
    return this.rest === "" ? lines : [...lines, this.rest];
  }

  private split(text: string): string[] {
    if (text === "") return [];
    this.rest += this.endedByCr && text.startsWith("\n") ? text.slice(1) : text;
    this.endedByCr = text.endsWith("\r");
    // A long line that comes byte by byte is not looked through with each of them.
    if (this.rest.length <= this.longest && !/[\r\n]/.test(text)) return [];
    const lines = this.rest.split(/\r\n|\n|\r/).flatMap((line) => /* promise: lines-have-a-length */ this.cut(line));
    this.rest = lines.pop() ?? "";
    return lines;
  }

  private cut(line: string): string[] {
    const count = Math.max(1, Math.ceil(line.length / this.longest));
    return Array.from({ length: count }, (_, index) => line.slice(index * this.longest, (index + 1) * this.longest));
  }
}
