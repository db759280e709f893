import { type Log, seconds } from "../platform/log.js";
import { shownConsoleLines } from "./report.js";

/** A guest can print without end. The file of its console has the rest. */
const mostLines = 200;

const usualPace = {
  /** Lines that come together are shown together: the log of a runner has two lines of its own around each block. */
  linesMs: 1_000,
  /** Often enough to see that something happens, and rarely enough to read the console between. */
  waitsMs: 10_000,
};

/** A boot in the log while it runs: its lines as they come, and what is waited for. */
export class LiveConsole {
  private lines = 0;
  private readonly ready: string[] = [];
  private readonly later: string[] = [];
  private flushing: NodeJS.Timeout | undefined;
  private waiting: NodeJS.Timeout | undefined;
  private isOver = false;

  constructor(
    private readonly log: Log,
    private readonly timeoutMs: number,
    private readonly pace = usualPace,
  ) {}

  /** Shows the lines of a guest or its VMM. After the first 200, only the last ones are shown, by {@link end}. */
  show(lines: readonly string[]): void {
    const shown = lines.slice(0, Math.max(0, mostLines - this.lines));
    this.lines += lines.length;
    this.ready.push(...shown);
    if (shown.length > 0 && !this.isOver) this.flushing ??= setTimeout(() => this.flush(), this.pace.linesMs);
    this.later.push(...lines.slice(shown.length).slice(-shownConsoleLines));
    this.later.splice(0, this.later.length - shownConsoleLines);
  }

  /**
   * From the guest's start on, says now and then how long it has run: `12.0 s of 60.0 s, waiting for …`.
   *
   * @param waitsFor a phrase.
   */
  begin(waitsFor: () => string): void {
    // Lines that are held back would all come when there is nothing to wait for.
    if (this.log.isHeldBack === true || this.isOver) return;
    const startMs = performance.now();
    this.waiting = setInterval(() => {
      this.flush();
      const spent = `${seconds(performance.now() - startMs)} of ${seconds(this.timeoutMs)}`;
      this.log.line(`  ${spent}, waiting for ${waitsFor()}`);
    }, this.pace.waitsMs);
  }

  /** The boot is over: shows the last lines. */
  end(): void {
    this.isOver = true;
    clearInterval(this.waiting);
    this.flush();
    const leftOut = this.lines - mostLines - this.later.length;
    if (leftOut > 0) this.log.line(`  (${leftOut} lines are only in the file of the console)`);
    if (this.later.length > 0) this.log.untrusted(this.later);
  }

  private flush(): void {
    clearTimeout(this.flushing);
    this.flushing = undefined;
    const lines = this.ready.splice(0);
    if (lines.length > 0) this.log.untrusted(lines);
  }
}
