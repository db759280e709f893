import { quote } from "../platform/process/process.js";
import { compareVersions } from "../targets/opam-version.js";
import type { Architecture } from "../targets/architecture.js";
import { type TargetName, defaultTarget, targets } from "../targets/targets.js";
import type { CiJob } from "./ci-scripts.js";
import {
  type OldBuild,
  type OldTools,
  type Taken,
  configurationOf,
  modesIn,
  oldBuilds,
  toolsOf,
} from "./old-builds.js";
import { definedPackages } from "./opam-needs.js";
import type { Tree } from "./tree.js";
import { type Remark, type Unikernel, joined, shownFolder } from "./unikernel.js";

/** A unikernel for one target: a line of a matrix, or all of a smaller workflow. */
export interface Row {
  readonly unikernel: Unikernel;
  readonly target: TargetName;
  readonly architectures: readonly Architecture[];
  readonly ocaml: Taken | undefined;
  readonly configureArgs: Taken | undefined;
  readonly variant: string | undefined;
}

/** What a workflow for some unikernels says. */
export interface Composition {
  readonly rows: readonly Row[];
  /** Values that all rows share, by input, and the files that they were taken from. */
  readonly inputs: Readonly<Record<string, Taken>>;
  readonly remarks: readonly Remark[];
}

/** Puts together what the unikernels' own files say and what the old CI did with them. */
export function compose(
  unikernels: readonly Unikernel[],
  jobs: readonly CiJob[],
  hashFiles: readonly Taken[],
  tree: Tree,
): Composition {
  const builds = oldBuilds(jobs);
  const parts = unikernels.map((unikernel) => {
    const own = builds.filter((build) => configurationOf(build) === configurationPath(unikernel));
    const anywhere = builds.filter(
      (build) => build.target !== undefined && !tree.paths.includes(configurationOf(build)),
    );
    return partOf(unikernel, own, anywhere, jobs);
  });
  const rows = parts.flatMap((part) => part.rows);
  const tools = parts.flatMap((part) => part.tools);
  const isMirage = unikernels.every(({ buildSystem }) => buildSystem === "mirage");
  const packages =
    unikernels.some(({ buildSystem }) => buildSystem === "opam") || isMirage
      ? []
      : tools.flatMap((one) => one.packages);
  const own = merged(unikernels.map(({ inputs }) => inputs));
  const known = new Set(unikernels.flatMap(({ inputs }) => (inputs["opam-packages"] ?? "").split(" ")));
  const defined = definedPackages(tree);
  const extra = packages.filter(({ value }) => known.size > 1 && !known.has(value) && !defined.includes(value));
  const system = tools.flatMap((one) => one.system);
  const hash = hashFiles.map(({ value, at }) => ({
    input: "expected-sha256",
    text: `${at} compares with ${value}: set \`expected-sha256: ${value}\` once it has the hash of a build here`,
  }));
  return {
    rows: withVariants(rows),
    inputs: {
      ...own,
      ...joinedLines("opam-repositories", withDefault(onePerName(tools.flatMap((one) => one.repositories)))),
      ...joinedLines("opam-pins", [
        ...lines(own["opam-pins"]),
        ...(isMirage || extra.length > 0 ? tools.flatMap((one) => one.pins) : []),
      ]),
      ...(extra.length === 0 ? {} : withPackages(own["opam-packages"], extra)),
      ...joinedLines(
        "extra-repos",
        parts.flatMap((part) => part.extraRepos),
      ),
      ...joinedLines(
        "post-pull",
        parts.flatMap((part) => part.postPull),
      ),
    },
    remarks: distinct([
      ...rows.flatMap(({ unikernel }) => unikernel.remarks),
      ...tools.flatMap((one) => one.remarks),
      ...(system.length === 0
        ? []
        : [
            {
              input: "install-system-packages",
              text:
                `${system[0]?.at ?? ""} installs ${[...new Set(system.map(({ value }) => value))].join(" ")}: ` +
                "opam installs what the packages declare; add a step before this one for others",
            },
          ]),
      ...(unikernels.length === 1 ? hash : []),
    ]),
  };
}

interface Part {
  readonly rows: readonly Row[];
  readonly tools: readonly OldTools[];
  readonly extraRepos: readonly Taken[];
  readonly postPull: readonly Taken[];
}

const configurationPath = ({ directory, configFile }: Unikernel): string =>
  joined(directory, configFile ?? "config.ml");

/** @param anywhere builds of a configuration that is not there: a loop or a workflow gives their folder. */
function partOf(
  unikernel: Unikernel,
  own: readonly OldBuild[],
  anywhere: readonly OldBuild[],
  jobs: readonly CiJob[],
): Part {
  if (unikernel.buildSystem !== "mirage") return partOfDune(unikernel, jobs);
  const built = own.filter(({ target }) => target !== undefined);
  const [first] = own;
  if (first === undefined) return partByModes(unikernel, anywhere, jobs);
  // Where the old CI started mirage decides which packages it sees.
  const placed: Unikernel = {
    ...unikernel,
    directory: first.directory,
    configFile: first.configFile === "config.ml" ? undefined : first.configFile,
    remarks: unikernel.remarks.filter(({ input }) => input !== "config-file"),
  };
  const rows = (built.length === 0 ? [first] : built).map(({ target, tools, configureArgs, at }) => ({
    ...rowFor(placed, target ?? ownTarget(placed), tools.ocaml),
    configureArgs: configureArgs === "" ? undefined : { value: configureArgs, at },
  }));
  const up =
    first.directory === ""
      ? ""
      : first.directory
          .split("/")
          .map(() => "..")
          .join("/");
  const [hook] = own.filter(({ postPull }) => postPull.length > 0);
  return {
    rows: rows.filter((row, at) => rows.findIndex((other) => isSame(other, row)) === at),
    tools: own.map(({ tools }) => tools),
    extraRepos: own.flatMap(({ extraRepos, at }) => extraRepos.map((value) => ({ value, at }))),
    postPull: [
      ...(up === "" || hook === undefined ? [] : [{ value: `cd ${up}`, at: hook.at }]),
      ...(hook?.postPull ?? []),
    ],
  };
}

const isSame = (one: Row, other: Row): boolean =>
  one.target === other.target && one.configureArgs?.value === other.configureArgs?.value;

const rowFor = (unikernel: Unikernel, target: TargetName, ocaml: Taken | undefined): Row => ({
  unikernel,
  target,
  architectures:
    targets[target].backend === "unikraft" && unikernel.buildSystem === "dune" ? ["x86_64", "aarch64"] : ["x86_64"],
  ocaml,
  configureArgs: undefined,
  variant: undefined,
});

const ownTarget = ({ targets: [first] }: Unikernel): TargetName => first ?? defaultTarget;

/** `MODE=hvt` in .travis.yml builds each unikernel of the repository. */
function partByModes(unikernel: Unikernel, anywhere: readonly OldBuild[], jobs: readonly CiJob[]): Part {
  const all = [...modesIn(jobs), ...anywhere];
  const modes = all.filter(({ target }, at) => all.findIndex((other) => other.target === target) === at);
  const rows = modes.map(({ target, tools }) => rowFor(unikernel, target ?? ownTarget(unikernel), tools.ocaml));
  return {
    rows: rows.length === 0 ? [rowFor(unikernel, ownTarget(unikernel), undefined)] : rows,
    tools: modes.map(({ tools }) => tools),
    extraRepos: [],
    postPull: [],
  };
}

/** The first job that builds with opam or dune says with which OCaml. */
function partOfDune(unikernel: Unikernel, jobs: readonly CiJob[]): Part {
  const builds = ({ words }: { readonly words: readonly string[] }) =>
    (words[0] === "opam" && words[1] === "install") ||
    (words[0] === "dune" && words[1] === "build") ||
    words[0] === "make";
  const building = jobs.filter(({ commands, values }) => commands.some(builds) || values.has("from"));
  // What runs today counts more than a Dockerfile next to it.
  const hosted = building.filter(({ path }) => /\.ya?ml$/.test(path));
  const tools = (hosted.length > 0 ? hosted : building).map(toolsOf);
  const known = tools.filter(({ ocaml }) => ocaml !== undefined);
  const [used] = [...known].sort((a, b) => compareVersions(b.ocaml?.value ?? "", a.ocaml?.value ?? ""));
  const named = unikernel.targets.length === 0 ? [defaultTarget] : unikernel.targets;
  return {
    rows: named.slice(0, 1).map((target) => rowFor(unikernel, target, used?.ocaml)),
    tools: used === undefined ? [] : [used],
    extraRepos: [],
    postPull: [],
  };
}

/** Names the rows that differ only by their arguments after these: `--enable-monitoring` becomes `monitoring`. */
function withVariants(rows: readonly Row[]): readonly Row[] {
  return rows.map((row) => {
    if (row.configureArgs === undefined) return row;
    const [word = ""] = row.configureArgs.value.split(" ");
    const variant = word.replace(/^--?(?:enable-|with-|use-)?/, "").replace(/[^\w.-]+/g, "-");
    const isTwin = (other: Row) => other !== row && other.unikernel === row.unikernel && other.target === row.target;
    return rows.some(isTwin) && /^[A-Za-z0-9][\w.-]{0,39}$/.test(variant) ? { ...row, variant } : row;
  });
}

/** Inputs that all unikernels have alike, and those that only one has. */
function merged(all: readonly Readonly<Record<string, string>>[]): Record<string, Taken> {
  const names = [...new Set(all.flatMap((inputs) => Object.keys(inputs)))];
  return Object.fromEntries(
    names.flatMap((name) => {
      const values = [...new Set(all.map((inputs) => inputs[name]).filter((value) => value !== undefined))];
      if (name === "opam-packages")
        return [
          [
            name,
            {
              value: [...new Set(values.flatMap((value) => value.split(" ")))].sort().join(" "),
              at: "the dune and opam files",
            },
          ],
        ];
      // One image of several unikernels would be looked for in all of them.
      return values.length === 1 && (all.length === 1 || name !== "image")
        ? [[name, { value: values[0] ?? "", at: "" }]]
        : [];
    }),
  );
}

const lines = (taken: Taken | undefined): readonly Taken[] =>
  taken === undefined ? [] : taken.value.split("\n").map((value) => ({ value, at: taken.at }));

function joinedLines(name: string, all: readonly Taken[]): Readonly<Record<string, Taken>> {
  const values = [...new Set(all.map(({ value }) => value))];
  const places = [...new Set(all.map(({ at }) => at).filter((at) => at !== ""))];
  return values.length === 0 ? {} : { [name]: { value: values.join("\n"), at: places.slice(0, 2).join(", ") } };
}

/** Of several repositories of one name the first. */
const onePerName = (all: readonly Taken[]): readonly Taken[] =>
  all.filter(({ value }, at) => all.findIndex((other) => other.value.split(":")[0] === value.split(":")[0]) === at);

/** The input replaces opam's own repository, which the old CI had below its others. */
const withDefault = (all: readonly Taken[]): readonly Taken[] =>
  all.length === 0 || all.some(({ value }) => value.startsWith("default:"))
    ? all
    : [...all, { value: "default: https://opam.ocaml.org", at: "" }];

function withPackages(own: Taken | undefined, extra: readonly Taken[]): Readonly<Record<string, Taken>> {
  const words = [...(own?.value.split(" ") ?? []), ...extra.map(({ value }) => value)];
  const places = [own?.at ?? "", extra[0]?.at ?? ""].filter((at) => at !== "");
  return { "opam-packages": { value: [...new Set(words)].sort().join(" "), at: places.join(", ") } };
}

const distinct = (remarks: readonly Remark[]): readonly Remark[] =>
  remarks.filter(({ input, text }, at) => remarks.findIndex((one) => one.input === input && one.text === text) === at);

/** The row as a line of `targets`. A place that all rows share is an input of the whole matrix. */
export function lineOf(row: Row, hasOwnPlace: boolean): string {
  const { unikernel, target, architectures, ocaml, configureArgs, variant } = row;
  const options = {
    directory: hasOwnPlace ? shownFolder(unikernel.directory) : undefined,
    "config-file": hasOwnPlace ? unikernel.configFile : undefined,
    ocaml: ocaml?.value,
    variant,
    "configure-args": configureArgs?.value,
  };
  const written = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${quote(value)}`],
  );
  return [target, ...architectures, ...written].join(" ");
}

/** Whether all rows build the same folder and configuration. */
export const sharePlace = (rows: readonly Row[]): boolean =>
  new Set(rows.map(({ unikernel: { directory, configFile } }) => `${directory}\0${configFile ?? ""}`)).size <= 1;
