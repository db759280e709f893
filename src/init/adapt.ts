import { type Document, isMap, isScalar, isSeq, parseDocument, type YAMLMap } from "yaml";
import { Problem, WrongUse } from "../platform/problem.js";
import { quote } from "../platform/process/process.js";

/** Inputs to write into a template, by name. */
export type Given = Readonly<Record<string, string>>;

/** What a person should know about inputs, by name: comments at their places. */
export type Notes = Readonly<Record<string, Note>>;

export interface Note {
  /** Where the value is from, as a phrase. */
  readonly from?: string;
  readonly remarks: readonly string[];
}

/** Whether a part has an input. The empty part is the root action, `gitlab` the CI component. */
export type Takes = (part: string, input: string) => boolean;

/**
 * A template with inputs written into it. In a workflow they go to every step that takes them, unless the step has an
 * expression there. They replace a comment that shows an example of the input.
 *
 * @param path of the template: its name decides the format.
 * @throws Problem that names the inputs that the template has no place for.
 */
export function adapted(path: string, template: string, given: Given, takes: Takes, notes: Notes = {}): string {
  if (Object.keys(given).length + Object.keys(notes).length === 0) return template;
  if (path.endsWith(".mk")) return withOptions(template, given, notes);
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
  addNotes(path.startsWith("gitlab/") ? includeInputs(document) : inputsOfSteps(document), notes, takes);
  return written(document);
}

/** The text of a workflow, in the style of the templates. */
export const written = (document: Document): string =>
  document.toString({ lineWidth: 0, flowCollectionPadding: false });

/** The maps of inputs in a workflow, with the part that takes each. */
type InputMaps = readonly (readonly [part: string, inputs: YAMLMap])[];

const inputsOfSteps = (document: Document): InputMaps =>
  stepsOf(document).flatMap((step) => {
    const part = partUsed(String(step.get("uses")));
    const inputs = step.get("with");
    return part !== undefined && isMap(inputs) ? [[part, inputs] as const] : [];
  });

function includeInputs(document: Document): InputMaps {
  const inputs = document.getIn(["include", 0, "inputs"]);
  return isMap(inputs) ? [["gitlab", inputs]] : [];
}

/** Each note once: at its input, or at the end of the inputs that could have it. */
function addNotes(maps: InputMaps, notes: Notes, takes: Takes): void {
  for (const [name, { from, remarks }] of Object.entries(notes)) {
    const takers = maps.filter(([part]) => takes(part, name));
    const [, inputs] = takers.find(([, map]) => isScalar(map.get(name, true))) ?? takers.at(-1) ?? maps.at(-1) ?? [];
    if (inputs === undefined) continue;
    const pair = inputs.items.find(({ key }) => isScalar(key) && key.value === name);
    const texts = remarks.map((text) => ` ${printable(text)}`);
    if (pair === undefined) {
      const own = texts.map((text) => ` ${name}:${text}`);
      inputs.comment = [...(inputs.comment == null ? [] : [inputs.comment]), ...own].join("\n");
      continue;
    }
    const isLong = isScalar(pair.value) && pair.value.type === "BLOCK_LITERAL";
    if (isScalar(pair.value) && from !== undefined && from !== "" && !isLong)
      pair.value.comment = ` ${printable(from)}`;
    const above = [...(isLong && from !== undefined && from !== "" ? [` From ${printable(from)}`] : []), ...texts];
    if (isScalar(pair.key) && above.length > 0)
      pair.key.commentBefore = [...(pair.key.commentBefore == null ? [] : [pair.key.commentBefore]), ...above].join(
        "\n",
      );
  }
}

/** Texts of the repository become comments of one line. */
const printable = (text: string): string => text.replace(/\p{C}+/gu, " ").slice(0, 400);

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
      const inputs = step.get("with");
      const node = valueNode(document, value);
      if (isMap(inputs) && !inputs.has(name)) inputs.items.push(document.createPair(document.createNode(name), node));
      else step.setIn(["with", name], node);
      placed.add(name);
    }
    const inputs = step.get("with");
    // Comments about the boot stand at the end of the templates: what is built comes before them.
    if (isMap(inputs)) inputs.items.sort((one, other) => Number(isOfBoot(one.key)) - Number(isOfBoot(other.key)));
  }
  return placed;
}

const ofBoot =
  /^(?:accelerator|args|block|boot|check|expect|expect-exit|forbid|memory|net|probe|scenarios|settle|timeout|until)$/;
const isOfBoot = (key: unknown): boolean => isScalar(key) && ofBoot.test(String(key.value));

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
function withOptions(template: string, given: Given, notes: Notes): string {
  const isLong = Object.entries(given).find(([, value]) => value.includes("\n"));
  if (isLong !== undefined) throw new WrongUse(`--${isLong[0]} has several lines, which a Makefile cannot contain`);
  const { target, arch, ...options } = given;
  const line = Object.entries(options)
    .map(([name, value]) => `--${name} ${quote(value)}`)
    .join(" ");
  const remarks = Object.entries(notes).flatMap(([name, note]) =>
    note.remarks.map((text) => `# ${name}: ${printable(text)}\n`),
  );
  const commented = template.replace(/^(?=UNIKERNEL_OPTIONS)/m, () => remarks.join(""));
  const values = { UNIKERNEL_TARGET: target, UNIKERNEL_ARCH: arch, UNIKERNEL_OPTIONS: line === "" ? undefined : line };
  return Object.entries(values).reduce((text, [variable, value]) => {
    if (value === undefined) return text;
    const escaped = value.replaceAll("$", () => "$$").replaceAll("#", "\\#");
    return text.replace(new RegExp(`^${variable} \\?=.*$`, "m"), () => `${variable} ?= ${escaped}`);
  }, commented);
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
  /** The version of the commit, for people and for Dependabot, which reads it in a comment after the commit. */
  readonly version?: string;
}

/** Fills in the placeholders of a template. */
export function withReference(
  template: string,
  { owner = placeholders.owner, commit = placeholders.commit, name = repository, version }: ActionReference,
): string {
  const filled = template
    .replaceAll(`${placeholders.owner}/${repository}`, () => `${owner}/${name}`)
    .replaceAll(placeholders.commit, () => commit);
  if (version === undefined) return filled;
  return filled.replaceAll(new RegExp(`^( *(?:- )?uses: \\S+@${commit})$`, "gm"), (line) => `${line} # ${version}`);
}

/** The placeholders that stay in a template. */
export function placeholdersLeft({ owner, commit }: ActionReference): string[] {
  return [...(owner === undefined ? [placeholders.owner] : []), ...(commit === undefined ? [placeholders.commit] : [])];
}

/** For the log: `OWNER/unikernel-ci@<commit>`. */
export function shownReference(reference: ActionReference): string {
  const { version } = reference;
  const shown = withReference(`${placeholders.owner}/${repository}@${placeholders.commit}`, reference);
  return version === undefined ? shown : `${shown} (${version})`;
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
