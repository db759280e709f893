import { type Document, isMap, isScalar, isSeq, parseDocument, type YAMLMap } from "yaml";
import { Problem } from "../platform/problem.js";
import { quote } from "../platform/process/process.js";
/** Inputs to write into a template, by name. */
export type Given = Readonly<Record<string, string>>;

/** Whether a part has an input. The empty part is the root action, `gitlab` the CI component. */
export type Takes = (part: string, input: string) => boolean;

/**
 * A template with inputs written into it. In a workflow they go to every step that takes them, unless the step has an
 * expression there. They replace a comment that shows an example of the input.
 *
 * @param path of the template: its name decides the format.
 * @throws Problem that names the inputs that the template has no place for.
 */
export function adapted(path: string, template: string, given: Given, takes: Takes): string {
  if (Object.keys(given).length === 0) return template;
  if (path.endsWith(".mk")) return withOptions(template, given);
  const names = Object.keys(given);
  const document = parseDocument(uncommented(template, names));
  const placed = path.startsWith("gitlab/")
    ? placeInInclude(document, given, takes)
    : placeInSteps(document, given, takes);
  const left = names.filter((name) => !placed.has(name));
  if (left.length > 0) {
    throw new Problem(`${path} has no place for ${left.map((name) => `--${name}`).join(", ")}`, {
      do: "omit it, or choose another template with --template",
    });
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** Turns `# expect: listening on port 80` into `expect: ""`, which keeps the comment that explains it above it. */
function uncommented(template: string, names: readonly string[]): string {
  const empty = (text: string, name: string) =>
    text.replace(new RegExp(`^( *)# ${name}: .*$`, "gm"), (_, indent: string) => `${indent}${name}: ""`);
  return names.reduce(empty, template);
}

function placeInSteps(document: Document, given: Given, takes: Takes): ReadonlySet<string> {
  const placed = new Set<string>();
  for (const step of stepsOf(document)) {
    const part = partUsed(String(step.get("uses")));
    if (part === undefined) continue;
    for (const [name, value] of Object.entries(given)) {
      if (!takes(part, name)) continue;
      const present: unknown = step.getIn(["with", name]);
      if (typeof present === "string" && present.includes("${{")) continue;
      step.setIn(["with", name], valueNode(document, value));
      placed.add(name);
    }
  }
  return placed;
}

/** The steps of all jobs of a workflow. */
export function stepsOf(document: Document): YAMLMap[] {
  const jobs = document.get("jobs");
  if (!isMap(jobs)) return [];
  return jobs.items.flatMap(({ value: job }) => {
    const steps = isMap(job) ? job.get("steps") : undefined;
    return isSeq(steps) ? steps.items.filter((step) => isMap(step)) : [];
  });
}

function placeInInclude(document: Document, given: Given, takes: Takes): ReadonlySet<string> {
  const accepted = Object.entries(given).filter(([name]) => takes("gitlab", name));
  for (const [name, value] of accepted) document.setIn(["include", 0, "inputs", name], valueNode(document, value));
  return new Set(accepted.map(([name]) => name));
}

function valueNode(document: Document, value: string): unknown {
  const node = document.createNode(value);
  if (isScalar(node) && value.includes("\n")) node.type = "BLOCK_LITERAL";
  return node;
}

/** A Makefile needs `$$` for `$`, `\#` for `#`, and values in one line. */
function withOptions(template: string, given: Given): string {
  const isLong = Object.entries(given).find(([, value]) => value.includes("\n"));
  if (isLong !== undefined) throw new Problem(`--${isLong[0]} has several lines, which a Makefile cannot contain`);
  const { target, arch, ...options } = given;
  const line = Object.entries(options)
    .map(([name, value]) => `--${name} ${quote(value)}`)
    .join(" ");
  const values = { UNIKERNEL_TARGET: target, UNIKERNEL_ARCH: arch, UNIKERNEL_OPTIONS: line === "" ? undefined : line };
  return Object.entries(values).reduce((text, [variable, value]) => {
    if (value === undefined) return text;
    const escaped = value.replaceAll("$", () => "$$").replaceAll("#", "\\#");
    return text.replace(new RegExp(`^${variable} \\?=.*$`, "m"), () => `${variable} ?= ${escaped}`);
  }, template);
}

/** The default targets of a template (a list in a matrix, otherwise one), and the option that changes them. */
export function templateTargets(text: string): {
  readonly option: "--targets" | "--target";
  readonly targets: readonly string[];
} {
  const [, , list] = /^( *)targets: \|\n((?:\1 +\S.*\n)+)/m.exec(text) ?? [];
  if (list !== undefined)
    return {
      option: "--targets",
      targets: list
        .trim()
        .split("\n")
        .map((line) => line.trim().replace(/ +/g, " ")),
    };
  const [, target = ""] = /^(?: *target:|UNIKERNEL_TARGET \?=) ([\w-]+)$/m.exec(text) ?? [];
  return { option: "--target", targets: [target] };
}

/** The name of the repository. The account that hosts it is not known here. */
const repository = "unikernel-ci";

/** Placeholders in sources, templates and documentation, which `init` or a release fills in. */
const placeholders = { owner: "OWNER", commit: "<commit>" } as const;

/** The copy of the action that a workflow uses. An undefined field stays a placeholder. */
export interface ActionReference {
  readonly owner: string | undefined;
  /** A full commit. */
  readonly commit: string | undefined;
  /** The repository's name, if the copy has another one. */
  readonly name?: string;
}

/** Fills in the placeholders of a template. */
export function withReference(
  template: string,
  { owner = placeholders.owner, commit = placeholders.commit, name = repository }: ActionReference,
): string {
  return template
    .replaceAll(`${placeholders.owner}/${repository}`, () => `${owner}/${name}`)
    .replaceAll(placeholders.commit, () => commit);
}

/** The placeholders that stay in a template. */
export function placeholdersLeft({ owner, commit }: ActionReference): string[] {
  return [...(owner === undefined ? [placeholders.owner] : []), ...(commit === undefined ? [placeholders.commit] : [])];
}

/** For the log: `OWNER/unikernel-ci@<commit>`. */
export function shownReference(reference: ActionReference): string {
  return withReference(`${placeholders.owner}/${repository}@${placeholders.commit}`, reference);
}

/**
 * The part of the action that a step uses: a name such as `setup`, empty for the root action, undefined for other
 * actions. The account is the placeholder or a real one.
 */
export function partUsed(uses: string): string | undefined {
  const used = new RegExp(`(?:^|/)[\\w-]+/${repository}(?:/([\\w-]+))?@`).exec(uses);
  return used === null ? undefined : (used[1] ?? "");
}

/** The account in the URL of a remote; undefined unless it is a repository of this name on GitHub. */
export function ownerOfRemote(address: string): string | undefined {
  return new RegExp(`github\\.com[/:]([\\w-]+)/${repository}(?:\\.git)?/?$`).exec(address.trim())?.[1];
}
