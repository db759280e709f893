import { type Document, type YAMLMap, isMap, isScalar, isSeq, parseDocument } from "yaml";
import { Problem } from "../platform/problem.js";
import { splitWords } from "../platform/words.js";
import { defaultTarget } from "../targets/targets.js";
import { partUsed, stepsOf, written } from "./adapt.js";
import type { Row } from "./compose.js";
import type { Tree } from "./tree.js";
import { shownFolder } from "./unikernel.js";

/** A workflow of the repository that already uses this action. */
export interface Existing {
  readonly path: string;
  readonly document: Document;
  /** The inputs of its `matrix` step, if it has one with a list of targets. */
  readonly list: YAMLMap | undefined;
}

/** What a job or a line of a matrix builds, in one text. */
const identity = (target: string, directory: string, configFile: string, configureArgs: string): string =>
  JSON.stringify([target, directory.replace(/^\.\/|\/$/g, "") || ".", configFile, configureArgs]);

const identityOf = ({ target, unikernel, configureArgs }: Row): string =>
  identity(target, shownFolder(unikernel.directory), unikernel.configFile ?? "", configureArgs?.value ?? "");

/** The workflow of this action in a forge's folder, if there is one; that of several unikernels first. */
export function existingWorkflow(tree: Tree, folder: string): Existing | undefined {
  const all = tree.paths
    .filter((path) => path.startsWith(`${folder}/workflows/`))
    .flatMap((path): readonly Existing[] => {
      const document = parseDocument(tree.text(path), { logLevel: "silent" });
      const steps = stepsOf(document).filter((step) => partUsed(String(step.get("uses"))) !== undefined);
      const builds = steps.some((step) => ["", "run", "build"].includes(partUsed(String(step.get("uses"))) ?? "-"));
      const planning = steps.find((step) => partUsed(String(step.get("uses"))) === "matrix")?.get("with");
      const list = isMap(planning) && typeof planning.get("targets") === "string" ? planning : undefined;
      return builds && document.errors.length === 0 ? [{ path, document, list }] : [];
    });
  return all.find(({ list }) => list !== undefined) ?? all[0];
}

/** The rows that a workflow does not build yet. */
export function missingIn(existing: Existing, rows: readonly Row[]): readonly Row[] {
  const built = new Set(existing.list === undefined ? builtByJobs(existing.document) : builtByLines(existing.list));
  const any = (row: Row) => identityOf(row).replace(JSON.stringify(row.target), '"*"');
  return rows.filter((row) => !built.has(identityOf(row)) && !built.has(any(row)));
}

/** The rows that no include of GitLab's component builds yet. */
export function missingInIncludes(text: string, component: string, rows: readonly Row[]): readonly Row[] {
  const include = parseDocument(text, { logLevel: "silent" }).get("include");
  const built = (isSeq(include) ? include.items : [include]).flatMap((item) => {
    if (!isMap(item) || item.get("local") !== component) return [];
    const inputs = item.get("inputs");
    return [builtBy(isMap(inputs) ? (name) => textAt(inputs, name) : () => "")];
  });
  return rows.filter((row) => !built.includes(identityOf(row)));
}

/** @param value of an input; empty where it is unset. */
const builtBy = (value: (name: string) => string): string => {
  const target = value("target");
  return identity(
    target.includes("${{") ? "*" : target || defaultTarget,
    value("directory") || ".",
    value("config-file"),
    value("configure-args"),
  );
};

function builtByLines(list: YAMLMap): readonly string[] {
  const value = (name: string) => textAt(list, name);
  return value("targets")
    .split("\n")
    .flatMap((line) => {
      const words = splitWords(line.replace(/(?<!\S)#.*/, ""));
      if (typeof words === "string" || words[0] === undefined) return [];
      const option = (name: string) => words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
      const directory = option("directory") ?? (value("directory") || ".");
      const configFile = option("config-file") ?? (option("directory") === undefined ? value("config-file") : "");
      return [identity(words[0], directory, configFile, option("configure-args") ?? "")];
    });
}

function builtByJobs(document: Document): readonly string[] {
  return stepsOf(document).flatMap((step) => {
    if (!["", "run", "build"].includes(partUsed(String(step.get("uses"))) ?? "-")) return [];
    const inputs = step.get("with");
    return [builtBy(isMap(inputs) ? (name) => textAt(inputs, name) : () => "")];
  });
}

const textAt = (map: YAMLMap, name: string): string => {
  const value = map.get(name);
  return typeof value === "string" ? value.trim() : "";
};

/** Adds lines to the list of a matrix; everything else stays as it is. */
export function withLines({ document, list }: Existing, lines: readonly string[]): string {
  const node = list?.get("targets", true);
  if (isScalar(node)) {
    node.value = `${String(node.value).trimEnd()}\n${lines.join("\n")}\n`;
    node.type = "BLOCK_LITERAL";
  }
  return written(document);
}

/**
 * Adds the jobs of another workflow; everything else stays as it is.
 *
 * @param others workflows with one job each, and the name for it.
 */
export function withJobs(
  document: Document,
  path: string,
  others: readonly (readonly [name: string, text: string])[],
): string {
  const jobs = document.get("jobs");
  if (!isMap(jobs)) throw new Problem(`${path} has no jobs`, { do: "repair it, or remove it" });
  for (const [name, text] of others) {
    const [added] = jobsOf(parseDocument(text));
    if (added === undefined) continue;
    const title = added.get("name");
    if (typeof title === "string" && !title.includes("${{")) added.set("name", `${title} ${name}`);
    jobs.set(freeName(jobs, name), added);
  }
  return written(document);
}

const jobsOf = (document: Document): readonly YAMLMap[] => {
  const jobs = document.get("jobs");
  return isMap(jobs) ? jobs.items.flatMap(({ value }) => (isMap(value) ? [value] : [])) : [];
};

/** A job's identifier: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_id */
function freeName(jobs: YAMLMap, name: string): string {
  const wanted = ["unikernel", ...name.split(/[^\w]+/).filter((part) => part !== "")].join("-");
  const names = Array.from({ length: jobs.items.length + 1 }, (_, at) => (at === 0 ? wanted : `${wanted}-${at + 1}`));
  return names.find((one) => !jobs.has(one)) ?? wanted;
}

/**
 * Adds an include to an existing .gitlab-ci.yml, whose jobs stay as they are.
 *
 * @param own the template's file, with an include.
 */
export function withInclude(text: string, own: string): string {
  const document = parseDocument(text);
  const added = parseDocument(own).get("include", true);
  const present = document.get("include", true);
  const list = isSeq(present) ? present : document.createNode(present === undefined ? [] : [present]);
  if (isSeq(list) && isSeq(added)) list.items.push(...added.items);
  document.set("include", list);
  return written(document);
}
