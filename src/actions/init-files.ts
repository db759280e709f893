import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { type ActionReference, type Given, adapted, withReference } from "../init/adapt.js";
import { type Choice, type Forge, type Placement, workflowFolder } from "../init/choose.js";
import { type Composition, type Row, lineOf } from "../init/compose.js";
import {
  type Existing,
  existingWorkflow,
  missingIn,
  missingInIncludes,
  withInclude,
  withJobs,
  withLines,
} from "../init/merge.js";
import type { Tree } from "../init/tree.js";
import { shownFolder } from "../init/unikernel.js";
import { valuesOf } from "../init/values.js";
import { readTemplate } from "../platform/files/own-repository.js";
import { Problem } from "../platform/problem.js";
import { defaultTarget } from "../targets/targets.js";
import { type InputName, inputNames, inputs } from "./interface.js";
import { allMatrixInputs } from "./matrix-interface.js";

/** A file to write, relative to the repository. */
export interface Rendered {
  readonly to: string;
  readonly text: string;
}

/** What init writes into a repository. */
export interface Writing {
  readonly root: string;
  readonly tree: Tree;
  readonly forge: Forge;
  readonly choice: Choice;
  readonly composition: Composition;
  readonly rows: readonly Row[];
  /** Inputs of the command line. */
  readonly asked: Given;
  readonly reference: ActionReference;
  /** Overwrites existing files. */
  readonly force: boolean;
}

/**
 * The files of a forge. A workflow of this action that is there already gets what it lacks.
 *
 * @returns an empty list when nothing is missing.
 * @throws Problem when the template has no place for an input, or a file of another content is in the way.
 */
export async function filesToWrite(writing: Writing): Promise<readonly Rendered[]> {
  const { tree, forge, choice, rows, force } = writing;
  const folder = workflowFolder(forge);
  const existing = folder === undefined || force ? undefined : existingWorkflow(tree, folder);
  if (existing !== undefined && choice.isChosen) return addedTo(existing, writing);
  if (forge === "gitlab") return gitLabFiles(writing);
  if (forge === "shell") return refuseExisting(await shellFiles(writing), writing);
  const [main] = choice.files;
  if (main === undefined) return [];
  if (isList(await readTemplate(main.from)) || rows.length <= 1)
    return refuseExisting(await Promise.all(choice.files.map((file) => render(file, rows, writing))), writing);
  // A template of one target: a job for each row.
  const [first, ...others] = await Promise.all(rows.map((row) => render(main, [row], writing)));
  const named = others.map(({ text }, at) => [nameOf(rows[at + 1]), text] as const);
  return refuseExisting(
    first === undefined ? [] : [{ to: main.to, text: withJobs(parseDocument(first.text), main.to, named) }],
    writing,
  );
}

async function addedTo(existing: Existing, writing: Writing): Promise<readonly Rendered[]> {
  const missing = missingIn(existing, writing.rows);
  const { path, list, document } = existing;
  if (missing.length === 0) return [];
  if (list !== undefined)
    return [
      {
        to: path,
        text: withLines(
          existing,
          missing.map((row) => lineOf(row, true)),
        ),
      },
    ];
  const from = workflowFolder(writing.forge) === ".github" ? "github/unikernel.yml" : writing.choice.files[0]?.from;
  const template: Placement = { from: from ?? "github/unikernel.yml", to: path, takesInputs: true };
  const jobs = await Promise.all(missing.map((row) => render(template, [row], writing)));
  const named = jobs.map(({ text }, at) => [nameOf(missing[at]), text] as const);
  return [{ to: path, text: withJobs(document, path, named) }];
}

/** `hello`, `hello-monitoring`, `hello-spt`: short, and unique in most repositories. */
function nameOf(row: Row | undefined): string {
  if (row === undefined) return "";
  const folder = shownFolder(row.unikernel.sources);
  const parts = [
    folder === "." ? "" : folder.split("/").at(-1),
    row.target === defaultTarget ? "" : row.target,
    row.variant ?? "",
  ];
  return parts.filter((part) => part !== "" && part !== undefined).join("-") || row.target;
}

/** A list of targets, as in the matrix. */
const isList = (template: string): boolean => /^ *targets: \|/m.test(template);

async function render({ from, to, takesInputs }: Placement, rows: readonly Row[], writing: Writing): Promise<Rendered> {
  const template = await readTemplate(from);
  const { asked, composition, reference } = writing;
  if (!takesInputs) return { to, text: withReference(template, reference) };
  const { given, notes } = valuesOf(composition, rows, asked, isList(template));
  return { to, text: withReference(adapted(from, template, given, takes, notes), reference) };
}

/** An existing pipeline keeps its jobs, and gets an include for each unikernel. */
async function gitLabFiles(writing: Writing): Promise<readonly Rendered[]> {
  const [component, pipeline] = writing.choice.files;
  if (component === undefined || pipeline === undefined) return [];
  const existing = writing.force ? "" : writing.tree.text(pipeline.to);
  const rows = missingInIncludes(existing, component.to, writing.rows);
  if (rows.length === 0) return [];
  const includesAlready = existing.includes(component.to);
  const texts = await Promise.all(
    rows.map(async (row, at) => {
      // GitLab's jobs need names of their own.
      const name = at === 0 && !includesAlready ? {} : { name: nameOf(row) };
      return (await render(pipeline, [row], { ...writing, asked: { ...writing.asked, ...name } })).text;
    }),
  );
  const [first = "", ...others] = texts;
  const text = existing === "" ? others.reduce(withInclude, first) : texts.reduce(withInclude, existing);
  return [...(includesAlready ? [] : [await render(component, [], writing)]), { to: pipeline.to, text }];
}

/** The makefile, a rule for each further unikernel, and the lines of .gitignore. */
async function shellFiles(writing: Writing): Promise<readonly Rendered[]> {
  const [file] = writing.choice.files;
  if (file === undefined) return [];
  const [first, ...others] = writing.rows;
  const main = await render(file, first === undefined ? [] : [first], writing);
  const rules = await Promise.all(
    others.map(async (row) => {
      const { text } = await render(file, [row], writing);
      const value = (name: string) => new RegExp(`^${name} \\?= ?(.*)$`, "m").exec(text)?.[1] ?? "";
      const name = `unikernel-${nameOf(row)}`;
      const options = value("UNIKERNEL_OPTIONS");
      const command = `run --target '${value("UNIKERNEL_TARGET")}' --arch '$(UNIKERNEL_ARCH)' ${options}`;
      return `\n.PHONY: ${name}\n${name}: $(UNIKERNEL_CI_FOLDER)/dist\n\t$(unikernel_ci) ${command}\n`;
    }),
  );
  const ignored = writing.tree.text(".gitignore") || readIfThere(join(writing.root, ".gitignore"));
  const lacking = ["_artifacts/", ".cache/"].filter(
    (line) => !ignored.split("\n").some((one) => one.replace(/^\//, "") === line),
  );
  const gitignore =
    lacking.length === 0
      ? []
      : [
          {
            to: ".gitignore",
            text: `${ignored}${ignored === "" || ignored.endsWith("\n") ? "" : "\n"}${lacking.join("\n")}\n`,
          },
        ];
  const names = others.map((row) => `unikernel-${nameOf(row)}`);
  const all = names.length === 0 ? "" : `\n.PHONY: unikernels\nunikernels: unikernel ${names.join(" ")}\n`;
  return [{ to: main.to, text: main.text + rules.join("") + all }, ...gitignore];
}

const readIfThere = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "");

/** Inputs that mean nothing on GitLab, which keeps artifacts and caches by its own keys. */
const notOfGitLab: readonly InputName[] = ["artifact", "artifact-name", "retention-days", "cache"];

/** The inputs of the action that GitLab's component takes, in their order. */
export const gitLabInputs = inputNames.filter((name) => !notOfGitLab.includes(name));

function takes(part: string, name: string): boolean {
  if (part === "gitlab") return name === "name" || gitLabInputs.some((input) => input === name);
  if (part === "matrix") return Object.hasOwn(allMatrixInputs, name);
  const definition = Object.entries(inputs).find(([input]) => input === name)?.[1];
  if (definition === undefined) return false;
  return part === "" || part === "run" || definition.parts.some((owner) => owner === part);
}

function refuseExisting(files: readonly Rendered[], { root, force }: Writing): readonly Rendered[] {
  const existing = files.map(({ to }) => to).filter((to) => to !== ".gitignore" && existsSync(join(root, to)));
  if (existing.length === 0 || force) return files;
  throw new Problem(`${existing.join(", ")} already ${existing.length === 1 ? "exists" : "exist"}`, {
    because: "nothing was written",
    do: "pass --force to overwrite",
  });
}
