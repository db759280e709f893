import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** What a run of vitest leaves in the file that PROMISES_REPORT names. */
export interface RunReport {
  /** False: the tests were found, and have not ended. */
  readonly isOver: boolean;
  readonly tests: readonly RanTest[];
  /** Why files of tests could not be loaded, and errors that are no test's. */
  readonly broken: readonly string[];
}

export interface RanTest {
  /** With the names of what it stands in. */
  readonly name: string;
  readonly state: "pending" | "passed" | "failed" | "skipped";
  readonly errors: readonly { readonly name: string; readonly message: string }[];
}

/** Tells what became of each test, and of what kind its errors are. */
export default class PromisesReporter implements Reporter {
  private readonly modules: TestModule[] = [];

  onTestModuleCollected(module: TestModule): void {
    this.modules.push(module);
    write({ isOver: false, tests: this.modules.flatMap(testsOf), broken: [] });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly { readonly message: string }[]): void {
    const broken = [...modules.flatMap((module) => module.errors()), ...unhandled].map(({ message }) => message);
    write({ isOver: true, tests: modules.flatMap(testsOf), broken });
  }
}

function testsOf(module: TestModule): RanTest[] {
  return [...module.children.allTests()].map((test) => {
    const { state, errors = [] } = test.result();
    return { name: test.fullName, state, errors: errors.map(({ name = "", message }) => ({ name, message })) };
  });
}

function write(report: RunReport): void {
  const file = process.env["PROMISES_REPORT"];
  if (file !== undefined) writeFileSync(file, JSON.stringify(report));
}
