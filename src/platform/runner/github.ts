import { addPath, exportVariable, getState, saveState, setOutput, summary } from "@actions/core";
import { Problem } from "../problem.js";

/** What a step hands to the steps after it. */
export interface Runner {
  setOutput(name: string, value: string): void;
  exportVariable(name: string, value: string): void;
  /** Puts a folder in front of PATH; of several calls, the last one's folder comes first. */
  addPath(folder: string): void;
  appendSummary(markdown: string): Promise<void>;
  /** Tells the same step at the end of the job. */
  saveState(name: string, value: string): void;
}

/** What {@link Runner.saveState} kept for the end of the job; empty when nothing was, as it is not the end yet. */
export const readState: (name: string) => string = getState;

/**
 * The runner's own files (GITHUB_OUTPUT, GITHUB_ENV, GITHUB_PATH, GITHUB_STEP_SUMMARY), through @actions/core: it
 * delimits each value by a random word, so that a value with line feeds cannot add a line of its own. It writes names, and
 * folders of PATH, as they are: those that are more than one line are refused here.
 */
export function gitHubRunner(environment: Readonly<Record<string, string | undefined>>): Runner {
  return {
    setOutput,
    saveState,
    exportVariable(name, value) {
      // promise: variables-are-names
      if (!/^[A-Za-z_]\w*$/.test(name)) throw notOneLine("variable", name);
      exportVariable(name, value);
    },
    addPath(folder) {
      // promise: path-folders-are-one-line
      if (/[\r\n]/.test(folder)) throw notOneLine("folder of PATH", folder);
      addPath(folder);
    },
    async appendSummary(markdown) {
      // Old runners and imitations have no summary, and lose nothing that the log does not say.
      if (environment["GITHUB_STEP_SUMMARY"]) await summary.addRaw(markdown, true).write();
    },
  };
}

const notOneLine = (what: string, found: string) =>
  new Problem(`the runner can be given no ${what} with such a name`, { found: JSON.stringify(found) });

/** A runner that only remembers, for the command line and for tests. */
export interface CollectingRunner extends Runner {
  readonly outputs: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  /** In the order of PATH. */
  readonly path: readonly string[];
  readonly summaries: readonly string[];
  readonly states: Readonly<Record<string, string>>;
}

/** For the command line: what a step hands on is kept, to be printed or given to the next part. */
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

/** Outputs as a person reads them, one a line, aligned; those that say nothing are left out. */
export function readableOutputs(outputs: Readonly<Record<string, string>>): string[] {
  const said = Object.entries(outputs).filter(([, value]) => value !== "");
  const width = Math.max(0, ...said.map(([name]) => name.length));
  return said.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}
