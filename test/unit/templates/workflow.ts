import { parse } from "yaml";
import { contentOf, generatedFiles } from "../../../scripts/generate.js";
import { partUsed } from "../../../src/init/adapt.js";

export interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

export interface Job {
  readonly uses?: string;
  readonly permissions?: unknown;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly steps?: readonly Step[];
}

export interface Workflow {
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
  readonly on: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

export interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** The action.yml of one of our actions; empty is the action as a whole. */
export function actionOf(part: string): Action {
  const file = part === "" ? "action.yml" : `${part}/action.yml`;
  return parse(generatedFiles().get(file) ?? contentOf(file)) as Action;
}

/** The part of our action that a step uses: `$/part` in our workflows, `OWNER/unikernel-ci/part` in those of others. */
export function partOf({ uses = "" }: Step): string | undefined {
  return partUsed(uses.replace(/^\$\/([\w-]+)$/, (_, part: string) => `OWNER/unikernel-ci/${part}@<commit>`));
}

/** What steps say to our action that it does not take, as `part: input`. */
export function unknownInputs({ jobs }: Workflow): string[] {
  return Object.values(jobs).flatMap(({ steps = [] }) =>
    steps.flatMap((step) => {
      const part = partOf(step);
      if (part === undefined) return [];
      const { inputs } = actionOf(part);
      return Object.keys(step.with ?? {})
        .filter((name) => !Object.hasOwn(inputs, name))
        .map((name) => `${part}: ${name}`);
    }),
  );
}

export interface OutputRead {
  readonly job: string;
  /** `steps.ID.outputs.NAME` or `needs.JOB.outputs.NAME`. */
  readonly expression: string;
  readonly isThere: boolean;
}

/**
 * The outputs of steps and of jobs that a workflow reads. One is there when a step of that id comes before (in the same
 * job) and our action has it, or when the other job has it; what a step of another action gives is not known here.
 */
export function outputsRead({ jobs }: Workflow): OutputRead[] {
  return Object.entries(jobs).flatMap(([job, { steps = [], ...rest }]) => [
    ...steps.flatMap((step, index) => readIn(job, step, steps.slice(0, index), jobs)),
    ...readIn(job, rest, steps, jobs),
  ]);
}

function readIn(job: string, where: object, steps: readonly Step[], jobs: Workflow["jobs"]): OutputRead[] {
  const found = [...JSON.stringify(where).matchAll(/\b(steps|needs)\.([\w-]+)\.outputs\.([\w-]+)/g)];
  return found.map(([expression, kind, id = "", name = ""]) => ({
    job,
    expression,
    isThere:
      kind === "steps"
        ? steps.some((step) => step.id === id && gives(step, name))
        : Object.hasOwn(jobs[id]?.outputs ?? {}, name),
  }));
}

function gives(step: Step, output: string): boolean {
  const part = partOf(step);
  return part === undefined || Object.hasOwn(actionOf(part).outputs, output);
}
