import type { Reporter, TestModule } from "vitest/node";
import { skipReasons } from "./skip-note.js";

/** Ends a run with why tests were skipped, and one plain line for programs that read the log: `58 passed, 0 failed`. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (state: string) => tests.filter((test) => test.result().state === state);
    const count = (state: string) => inState(state).length;
    for (const [reason, number] of skipReasons(inState("skipped").map(({ fullName }) => fullName)))
      console.log(`${number} skipped: ${reason}`);
    const broken = modules.filter((module) => module.state() === "failed" && module.errors().length > 0).length;
    const skipped = count("skipped");
    console.log(
      `${count("passed")} passed, ${count("failed") + broken} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`,
    );
  }
}
