import { onTestFailed } from "vitest";
import type { BootReport } from "../../src/boot/report.js";
import { visible } from "../../src/platform/log.js";

/** Shows, where the test fails, what a boot said: nobody shall have to run it again to see it. */
export function shownWhenFailed(report: BootReport): BootReport {
  const { verdict, consoleEnd } = report;
  showWhenFailed(`${verdict.verdict}: ${verdict.summary} (${verdict.reason})`, consoleEnd);
  return report;
}

/** The same for the lines of a console. */
export function showWhenFailed(title: string, console: readonly string[]): void {
  onTestFailed(() => {
    process.stderr.write([title, ...console.map((line) => `  | ${visible(line)}`), ""].join("\n"));
  });
}
