import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { delimiter } from "node:path";
import { Problem } from "../problem.js";
import { workflowCommand } from "./console-log.js";
import { writeTo } from "./standard-streams.js";

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

/** An input of an action, with its whitespace, which can be part of a regular expression; empty if it is unset. */
export function readInput(name: string): string {
  return process.env[`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`] ?? "";
}

/** The value of {@link Runner.saveState}, in the post step; empty before it. */
export function readState(name: string): string {
  return process.env[`STATE_${name}`] ?? "";
}

/**
 * Writes to the runner’s files (GITHUB_OUTPUT, GITHUB_ENV, GITHUB_PATH, GITHUB_STEP_SUMMARY). Old runners have none and
 * take commands from the log. Not by @actions/core, whose HTTP client would be loaded at the start of each action.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
 */
export function gitHubRunner(environment: Readonly<Record<string, string | undefined>>): Runner {
  const append = (file: string, entry: string, command: () => string) => {
    const path = environment[`GITHUB_${file}`];
    if (path) appendFileSync(path, `${entry}\n`);
    else writeTo("stdout")(command());
  };
  const set = (file: string, command: string, name: string, value: string) =>
    append(file, keyValue(name, value), () => workflowCommand(command, value, { name }));
  return {
    setOutput: (name, value) => set("OUTPUT", "set-output", name, value),
    saveState: (name, value) => set("STATE", "save-state", name, value),
    exportVariable(name, value) {
      // promise: variables-are-names
      if (!/^[A-Za-z_]\w*$/.test(name)) throw notOneLine("variable", name);
      process.env[name] = value;
      set("ENV", "set-env", name, value);
    },
    addPath(folder) {
      // promise: path-folders-are-one-line
      if (/[\r\n]/.test(folder)) throw notOneLine("folder of PATH", folder);
      process.env["PATH"] = `${folder}${delimiter}${process.env["PATH"] ?? ""}`;
      append("PATH", folder, () => workflowCommand("add-path", folder));
    },
    async appendSummary(markdown) {
      // Old and compatible runners have no summary; the log has the same facts.
      const path = environment["GITHUB_STEP_SUMMARY"];
      if (path) await appendFile(path, `${markdown}\n`);
    },
  };
}

/** A random word ends the value, so its lines cannot become other values. */
function keyValue(name: string, value: string): string {
  const end = /* promise: values-end-at-a-random-word */ `unikernel-ci-${randomUUID()}`;
  return `${name}<<${end}\n${value}\n${end}`;
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
