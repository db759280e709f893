import { addPath, exportVariable, getState, saveState, setOutput, summary } from "@actions/core";
import { Problem } from "../problem.js";
import { withOurCommands } from "./standard-streams.js";

/** Passes results of a step to the runner and to later steps. */
export interface Runner {
  setOutput(name: string, value: string): void;
  exportVariable(name: string, value: string): void;
  /** Puts a folder first on PATH, before those of earlier calls. */
  addPath(folder: string): void;
  appendSummary(markdown: string): Promise<void>;
  /** Keeps a value for the post step of this action. */
  saveState(name: string, value: string): void;
}

/** The value of {@link Runner.saveState}, in the post step; empty before it. */
export const readState: (name: string) => string = getState;

/**
 * Writes to the runner's files (GITHUB_OUTPUT, GITHUB_ENV, GITHUB_PATH, GITHUB_STEP_SUMMARY) through @actions/core. It
 * delimits each value by a random word, so the lines of a value cannot become other values. It does not check names and
 * folders of PATH: those of several lines are refused here.
 */
export function gitHubRunner(environment: Readonly<Record<string, string | undefined>>): Runner {
  return {
    setOutput: (name, value) => withOurCommands(() => setOutput(name, value)),
    saveState: (name, value) => withOurCommands(() => saveState(name, value)),
    exportVariable(name, value) {
      // promise: variables-are-names
      if (!/^[A-Za-z_]\w*$/.test(name)) throw notOneLine("variable", name);
      withOurCommands(() => exportVariable(name, value));
    },
    addPath(folder) {
      // promise: path-folders-are-one-line
      if (/[\r\n]/.test(folder)) throw notOneLine("folder of PATH", folder);
      withOurCommands(() => addPath(folder));
    },
    async appendSummary(markdown) {
      // Old and compatible runners have no summary; the log has the same facts.
      if (environment["GITHUB_STEP_SUMMARY"]) await summary.addRaw(markdown, true).write();
    },
  };
}

const notOneLine = (what: string, found: string) =>
  new Problem(`the runner accepts no ${what} with this name`, { found: JSON.stringify(found) });

/** A runner that keeps the results, for the command line and for tests. */
export interface CollectingRunner extends Runner {
  readonly outputs: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  /** In the order of PATH. */
  readonly path: readonly string[];
  readonly summaries: readonly string[];
  readonly states: Readonly<Record<string, string>>;
}

export function collectingRunner(): CollectingRunner {
  const outputs: Record<string, string> = {};
  const variables: Record<string, string> = {};
  const path: string[] = [];
  const summaries: string[] = [];
  const states: Record<string, string> = {};
  return {
    outputs,
    variables,
    path,
    summaries,
    states,
    setOutput: (name, value) => {
      outputs[name] = value;
    },
    exportVariable: (name, value) => {
      variables[name] = value;
    },
    addPath: (folder) => {
      path.unshift(folder);
    },
    saveState: (name, value) => {
      states[name] = value;
    },
    appendSummary: (markdown) => {
      summaries.push(markdown);
      return Promise.resolve();
    },
  };
}

/** The outputs that are not empty, one on each line, aligned. */
export function readableOutputs(outputs: Readonly<Record<string, string>>): string[] {
  const shown = Object.entries(outputs).filter(([, value]) => value !== "");
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}
