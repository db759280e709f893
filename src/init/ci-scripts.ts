import { LineCounter, isMap, isScalar, parseDocument, visit } from "yaml";
import { type Command, commandsIn } from "./shell-commands.js";
import type { Tree } from "./tree.js";
import { folderOf } from "./unikernel.js";

/** The commands of one job, task or file that builds a project, in the order in which they run. */
export interface CiJob {
  /** The file, for messages. */
  readonly path: string;
  /** The name of the task; empty where there is none. */
  readonly name: string;
  readonly commands: readonly (Command & { readonly at: string })[];
  /** Inputs of setup-ocaml, and environment variables, by their names in lower case with dashes. */
  readonly values: ReadonlyMap<string, Value>;
}

/** A value of a CI file: several where a matrix lists them. */
export interface Value {
  readonly texts: readonly string[];
  /** `.travis.yml line 12` */
  readonly at: string;
}

/** Files of a CI, the ones that people trust most first. */
const kinds: readonly { readonly is: RegExp; readonly read: (path: string, text: string) => readonly CiJob[] }[] = [
  { is: /^\.cirrus\.yml$/, read: yamlJobs },
  { is: /^\.(?:github|forgejo|gitea)\/workflows\/[^/]+\.ya?ml$/, read: yamlJobs },
  { is: /^\.gitlab-ci\.yml$/, read: yamlJobs },
  { is: /^\.builds\/[^/]+\.yml$/, read: yamlJobs },
  { is: /^\.travis\.yml$/, read: travisJobs },
  { is: /^(?:[\w.-]+\/)?Dockerfile[\w.-]*$/, read: fileJob },
  { is: /^(?:GNUm|M)akefile(?:\.\w+)?$/, read: fileJob },
  { is: /^[\w.-]+\.sh$/, read: fileJob },
];

/**
 * The jobs of a repository's CI files and build scripts. Those that use this action, or that mirage generated, are left
 * out.
 */
export function ciJobs(tree: Tree): readonly CiJob[] {
  return kinds.flatMap(({ is, read }) =>
    tree.paths
      .filter((path) => is.test(path))
      .flatMap((path) => {
        const text = tree.text(path);
        return /\/unikernel-ci(?:\/[\w-]+)?@|[Gg]enerated by mirage/.test(text) ? [] : read(path, text);
      }),
  );
}

const place = (path: string, line: number): string => `${path} line ${line + 1}`;

/** The jobs of a YAML file: the maps that hold scripts. What stands above all of them belongs to each. */
function yamlJobs(path: string, text: string): readonly CiJob[] {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, merge: true, logLevel: "silent" });
  const jobs = new Map<string, { commands: CiJob["commands"][number][]; values: Map<string, Value> }>();
  /** The default working directory of each job. */
  const folders = new Map<string, string>();
  const jobOf = (name: string) => {
    const job = jobs.get(name) ?? { commands: [], values: new Map<string, Value>() };
    jobs.set(name, job);
    return job;
  };
  visit(document, {
    Pair(_, { key, value }, ancestors) {
      if (!isScalar(key) || typeof key.value !== "string") return;
      const keys = ancestors.flatMap((node) => ("key" in node && isScalar(node.key) ? [String(node.key.value)] : []));
      const name = keys[0] === "jobs" ? (keys[1] ?? "") : (keys[0] ?? "");
      if (key.value === "working-directory" && keys.includes("defaults") && isScalar(value))
        folders.set(name, clean(String(value.value)));
      const items =
        value !== null && typeof value === "object" && "items" in value ? (value.items as unknown[]) : [value];
      const scalars = items.filter((item) => isScalar(item));
      const first = scalars[0]?.range?.[0] ?? 0;
      const line = counter.linePos(first).line - 1;
      if (/^(?:run|script|(?:\w+_)?script|before_script|install|tasks)$/.test(key.value)) {
        const parent = ancestors.findLast((node) => isMap(node));
        const folder = isMap(parent) ? parent.get("working-directory") : undefined;
        for (const item of scalars) {
          const start =
            counter.linePos(item.range?.[0] ?? first).line - 1 + (item.type?.startsWith("BLOCK") === true ? 1 : 0);
          const own = typeof folder === "string" ? clean(folder) : folders.get(name);
          const commands = commandsIn(String(item.value), own);
          jobOf(name).commands.push(...commands.map((one) => ({ ...one, at: place(path, start + one.line) })));
        }
        return;
      }
      const texts = scalars.map((item) => String(item.source ?? item.value).trim()).filter((one) => one !== "");
      if (texts.length > 0) jobOf(name).values.set(nameOf(key.value), { texts, at: place(path, line) });
    },
  });
  return [...jobs].map(([name, job]) => ({ path, name, commands: job.commands, values: resolved(job.values) }));
}

const clean = (folder: string): string => folder.replace(/^\.\/|\/$/g, "");
const nameOf = (key: string): string => key.toLowerCase().replaceAll("_", "-");

/** `${{ matrix.ocaml-version }}` has the values of the key of that name. */
function resolved(values: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
  return new Map(
    [...values].map(([name, value]) => {
      const [, key] = /^\$\{\{ *matrix\.([\w-]+) *\}\}$/.exec(value.texts[0] ?? "") ?? [];
      return [name, (key === undefined ? undefined : values.get(nameOf(key))) ?? value];
    }),
  );
}

/** Travis runs the scripts of opam's CI, which read their orders from variables: one job for each line of them. */
function travisJobs(path: string, text: string): readonly CiJob[] {
  return text.split("\n").flatMap((content, line) => {
    const pairs = [...content.matchAll(/\b([A-Z_]+)=(?:"([^"]*)"|(\S+))/g)];
    if (pairs.length === 0) return [];
    const at = place(path, line);
    const values = pairs.map(
      ([, name = "", quoted, bare]) => [nameOf(name), { texts: [quoted ?? bare ?? ""], at }] as const,
    );
    return [{ path, name: "", commands: [], values: new Map(values) }];
  });
}

/** A Dockerfile, a makefile or a script: one job of all its commands, started in its own folder. */
function fileJob(path: string, text: string): readonly CiJob[] {
  const folder = path.includes("Dockerfile") ? "" : folderOf(path);
  const commands = commandsIn(text, folder).map((command) => ({ ...command, at: place(path, command.line) }));
  const variables = [...text.matchAll(/^(?:ARG|ENV)\s+(\w+)[= ]"?([^\s"]*)/gm)].map(
    ([, name = "", value = ""]) => [nameOf(name), { texts: [value], at: path }] as const,
  );
  const images = [...text.matchAll(/^FROM\s+(\S+)/gm)].map(([, image = ""]) => image);
  const values = new Map<string, Value>(variables);
  if (images.length > 0) values.set("from", { texts: images, at: path });
  return [{ path, name: "", commands, values }];
}
