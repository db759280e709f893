import { compareVersions } from "../targets/opam-version.js";
import { type TargetName, targetNames, targets } from "../targets/targets.js";
import type { CiJob } from "./ci-scripts.js";
import type { Command } from "./shell-commands.js";
import { type Remark, joined } from "./unikernel.js";

/** A value that was taken from a file of a CI: `.cirrus.yml line 6`. */
export interface Taken {
  readonly value: string;
  readonly at: string;
}

/** What a job of the old CI sets up, whatever it builds with it. */
export interface OldTools {
  readonly ocaml: Taken | undefined;
  /** Lines of the inputs of these names. */
  readonly repositories: readonly Taken[];
  readonly pins: readonly Taken[];
  readonly packages: readonly Taken[];
  /** System packages that a toolchain does not bring itself. */
  readonly system: readonly Taken[];
  /** What has no input of the same meaning. */
  readonly remarks: readonly Remark[];
}

/** A `mirage configure` of the old CI, and what stands around it. */
export interface OldBuild {
  readonly tools: OldTools;
  /** Where mirage was started, and the configuration, relative to that. */
  readonly directory: string;
  readonly configFile: string;
  readonly target: TargetName | undefined;
  readonly configureArgs: string;
  readonly extraRepos: readonly string[];
  /** Commands between pulling and building, for `post-pull`. */
  readonly postPull: readonly Taken[];
  readonly at: string;
}

type Step = CiJob["commands"][number];

/** The builds by mirage of the old CI, in its order. */
export function oldBuilds(jobs: readonly CiJob[]): readonly OldBuild[] {
  return jobs.flatMap((job) => {
    const tools = toolsOf(job);
    return job.commands.flatMap((command, index) =>
      isCall(command, "mirage", "configure")
        ? targetWords(command, job).map((target) => buildOf(job, command, target, index, tools))
        : [],
    );
  });
}

const isCall = ({ words }: Command, ...names: readonly string[]): boolean =>
  names.every((name, at) => words[at] === name);

/** The targets of a command: all values of a matrix, if it names one. */
function targetWords({ words }: Step, job: CiJob): readonly (string | undefined)[] {
  const index = words.findIndex((word) => /^(?:-t|--target(?:=.*)?)$/.test(word));
  const word = words[index]?.split("=")[1] ?? words[index + 1];
  if (index === -1 || word === undefined) return [undefined];
  const [, variable] = /^\$\{?([\w-]+)\}?$/.exec(word) ?? [];
  const values = variable === undefined ? undefined : job.values.get(variable.toLowerCase().replaceAll("_", "-"));
  return values?.texts ?? [word];
}

function buildOf(job: CiJob, command: Step, target: string | undefined, index: number, tools: OldTools): OldBuild {
  const words = command.words.slice(2).map((word) => withVariables(word, job));
  const taken = new Set<number>();
  const option = (...names: readonly string[]): string | undefined => {
    for (const [at, word] of words.entries()) {
      const name = names.find((one) => word === one || (one.startsWith("--") && word.startsWith(`${one}=`)));
      if (name === undefined) continue;
      taken.add(at);
      if (word !== name) return word.slice(name.length + 1);
      taken.add(at + 1);
      return words[at + 1];
    }
    return undefined;
  };
  option("-t", "--target");
  const file = option("-f", "--file") ?? "config.ml";
  const extra = option("--extra-repos", "--extra-repo") ?? "";
  const rest = words.filter((word, at) => !taken.has(at) && word !== "");
  const isMakefile = /akefile/.test(job.path);
  const args = rest.filter((word) => !word.includes("$") && !ofMachine.test(word));
  const known = targetNames.find((name) => name === target);
  const isGuest = known !== undefined && targets[known].backend !== "host";
  const remarks = [
    ...(target === undefined || isGuest || target.includes("$")
      ? []
      : [
          {
            input: "target",
            text: `${command.at.replace(/ line \d+$/, "")} also has -t ${target}, which is no unikernel`,
          },
        ]),
    ...beforeMirage(job, index),
    ...rest
      .filter((word) => word.includes("$") && !word.includes("$("))
      .map((word) => ({ input: "configure-args", text: `${command.at}: ${word}` })),
  ];
  return {
    tools: { ...tools, remarks: [...tools.remarks, ...remarks] },
    directory: command.folder,
    configFile: file.replace(/^\.\//, ""),
    target: isGuest ? known : undefined,
    configureArgs: args.map(quoted).join(" "),
    extraRepos: extra.split(",").flatMap((entry) => {
      const [, name, url] = /^([\w.-]+):(\S+)$/.exec(entry.trim()) ?? [];
      return name === undefined || url === undefined ? [] : [`${name}: ${gitUrl(url)}`];
    }),
    postPull: isMakefile ? [] : betweenPullAndBuild(job.commands.slice(index + 1)),
    at: command.at,
  };
}

/** Options that say how mirage works, not what it builds. */
const ofMachine = /^(?:-v+|--verbose|--no-depext|--depext|--verbosity.*|--color.*)$/;

const quoted = (word: string): string => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "")}'`);

/** `$TARGET`, where the file gives it one value. */
function withVariables(word: string, job: CiJob): string {
  return word.replace(/\$\{?([\w-]+)\}?/g, (whole, name: string) => {
    const [value, ...others] = job.values.get(name.toLowerCase().replaceAll("_", "-"))?.texts ?? [];
    return value === undefined || others.length > 0 ? whole : value;
  });
}

/** The commands of a workflow or script before mirage that set nothing up: `pre-configure` could run them. */
function beforeMirage(job: CiJob, index: number): readonly Remark[] {
  if (!/\.(?:ya?ml|sh)$/.test(job.path)) return [];
  const others = job.commands.slice(0, index).filter(({ words: [program = ""], text }) => {
    // What only prints, or writes outside the checkout, prepares no build.
    if (program === "echo" || program === "printf") return />/.test(text) && !/\$GITHUB_|> *\//.test(text);
    return !ofSetUp.test(program);
  });
  return others.slice(0, 3).map(({ at, text }) => ({ input: "pre-configure", text: `${at} runs ${text}` }));
}

const ofSetUp =
  /^(?:opam|apt(?:-get)?|pkg|brew|set|make|gmake|dune|mirage|git|export|exit|if|fi|for|done|else|test|\[\[?|true|chmod|mkdir|which|command|grep|ls|cat|source|\.)$/;

/** The commands after `make depends` and before `make build`. */
function betweenPullAndBuild(commands: readonly Step[]): readonly Taken[] {
  const isMake = ({ words }: Command) => /^g?make$/.test(words[0] ?? "");
  const ends = (command: Command) =>
    (isMake(command) && command.words.some((word) => ["build", "unikernel", "all"].includes(word))) ||
    isCall(command, "dune", "build") ||
    isCall(command, "mirage");
  const end = commands.findIndex(ends);
  const pulled = commands
    .slice(0, Math.max(0, end))
    .findLastIndex((one) => isMake(one) && one.words.some((word) => /^(?:depends?|pull)$/.test(word)));
  const between = pulled === -1 ? [] : commands.slice(pulled + 1, end);
  // A Dockerfile's instructions are no commands.
  return between
    .filter(({ words }) => !/^[A-Z]+$/.test(words[0] ?? ""))
    .map(({ text, at, folder }) => ({ value: folder === "" ? text : `(cd ${folder} && ${text})`, at }));
}

/** `https://….git#commit` → `git+https://….git#commit`, as opam and this action name a repository of git. */
const gitUrl = (url: string): string =>
  /^https?:\/\/\S+(?:\.git|#)/.test(url) || /^https:\/\/github\.com\//.test(url) ? `git+${url}` : url;

/** Addresses that only the old CI's network reaches. */
const isPrivate = (url: string): boolean =>
  /^(?:git\+)?https?:\/\/(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(url);

/** What the commands and values of a job set up. */
export function toolsOf(job: CiJob): OldTools {
  const remarks: Remark[] = [];
  const repositories: Taken[] = [];
  const pins: Taken[] = [];
  const packages: Taken[] = [];
  const system: Taken[] = [];
  const addRepository = (name: string, url: string, at: string) => {
    if (isPrivate(url) || url.includes("$")) remarks.push({ input: "opam-repositories", text: `${at}: ${url}` });
    else if (!isDefault(url)) repositories.push({ value: `${name}: ${gitUrl(url)}`, at });
  };
  for (const { words, at } of job.commands) {
    const [program, verb] = words;
    const plain = words.slice(2).filter((word) => !word.startsWith("-"));
    if (program === "opam" && verb === "init") {
      const url = plain.find((word) => /^(?:https?|git\+\w+):\/\//.test(word));
      if (url !== undefined) addRepository("default", url, at);
    }
    if (program === "opam" && /^(?:repo|repository|remote)$/.test(verb ?? "")) {
      const [add, name, url] = plain;
      if (add === "add" && name !== undefined && url !== undefined) addRepository(name, url, at);
    }
    if (program === "opam" && verb === "pin")
      pins.push(
        ...pinOf(
          plain.filter((word) => word !== "add"),
          at,
          remarks,
        ),
      );
    if (program === "opam" && verb === "install")
      packages.push(...plain.filter(isPackage).map((value) => ({ value, at })));
    if (/^apt(?:-get)?$/.test(program ?? "") && words.includes("install"))
      system.push(
        ...words
          .slice(words.indexOf("install") + 1)
          .filter(isSystemPackage)
          .map((value) => ({ value, at })),
      );
  }
  const listed = job.values.get("opam-repositories");
  for (const line of (listed?.texts ?? []).flatMap((text) => text.split("\n"))) {
    const [, name, url] = /^\s*([\w.-]+):\s+(\S+)$/.exec(line) ?? [];
    if (name !== undefined && url !== undefined) addRepository(name, url, listed?.at ?? job.path);
  }
  return { ocaml: ocamlOf(job), repositories, pins, packages, system, remarks };
}

const isDefault = (url: string): boolean =>
  /^(?:git\+)?https:\/\/(?:opam\.ocaml\.org|github\.com\/ocaml\/opam-repository(?:\.git)?)\/?$/.test(url);

/** `NAME URL`, `URL`, `.`: a pin of the checkout itself needs none here. */
function pinOf(words: readonly string[], at: string, remarks: Remark[]): readonly Taken[] {
  const [first = "", second] = words;
  const url = second ?? first;
  if (/^\.{0,2}\/?$/.test(url)) return [];
  const [, base = ""] = /\/([\w.-]+)$/.exec(url.split("#", 1)[0]?.replace(/\.git$/, "") ?? "") ?? [];
  // A repository such as Zarith has the package zarith.
  const name = second === undefined ? base.toLowerCase() : first;
  if (url.includes("$") || name.includes("$") || !/^(?:https?|git\+\w+|git):/.test(url)) {
    remarks.push({ input: "opam-pins", text: `${at}: opam pin add ${words.join(" ")}` });
    return [];
  }
  return [{ value: `${name} ${gitUrl(url)}`, at }];
}

/** Packages of the toolchain, of mirage and of the checkout are left out, and versions of mirage: config.ml decides. */
const isPackage = (word: string): boolean =>
  /^[A-Za-z0-9][\w.+-]*$/.test(word) &&
  !/^(?:mirage|opam-monorepo|ocaml-solo5|solo5|ocaml-unikraft|dune|ocamlfind|depext)(?:\.|$)/.test(word);

/** Not on a list: what a toolchain, opam or a boot installs anyway. */
const ofToolchain =
  /^(?:wget|curl|ca-certificates|git|patch|unzip|bzip2|xz-utils|make|gcc|g\+\+|libc-dev|build-essential|m4|pkg-config|rsync|opam|ocaml.*|sudo|qemu.*|libvirt.*|virtinst|bridge-utils|kvm|libseccomp-dev|solo5.*)$/;
const isSystemPackage = (word: string): boolean => /^[a-z0-9][a-z0-9.+-]*$/.test(word) && !ofToolchain.test(word);

/** The newest OCaml that a job names. */
function ocamlOf(job: CiJob): Taken | undefined {
  const values = ["ocaml-compiler", "ocaml-version", "ocver"].flatMap((name) => {
    const value = job.values.get(name);
    return (value?.texts ?? []).map((text) => ({ text, at: value?.at ?? job.path }));
  });
  const images = (job.values.get("from")?.texts ?? []).map((text) => ({
    text: /-ocaml-([\d.]+)/.exec(text)?.[1] ?? "",
    at: job.path,
  }));
  const options = job.commands.flatMap(({ words, at }) => {
    if (words[0] !== "opam" || !["init", "switch"].includes(words[1] ?? "")) return [];
    const named = words.flatMap(
      (word, index) =>
        /^--(?:comp|compiler)=(.+)$/.exec(word)?.[1] ??
        (/^(?:-c|--comp|--compiler)$/.test(words[index - 1] ?? "") ? [word] : []),
    );
    const created =
      words[2] === "create"
        ? words
            .slice(3)
            .filter((word) => !word.startsWith("-"))
            .slice(-1)
        : [];
    return [...named, ...created].map((text) => ({ text, at }));
  });
  const versions = [...values, ...options, ...images].flatMap(({ text, at }) => {
    const [, version] =
      /^(?:ocaml-base-compiler\.|ocaml\.|ocaml-variants\.)?(\d+\.\d+(?:\.\d+)?)$/.exec(text.replaceAll(/["']/g, "")) ??
      [];
    return version === undefined ? [] : [{ value: /\.\d+\./.test(version) ? version : `${version}.x`, at }];
  });
  return [...versions].sort((a, b) => compareVersions(b.value, a.value))[0];
}

/** Targets and OCaml versions in variables that each build all unikernels: `MODE=hvt` of `.travis.yml`. */
export function modesIn(
  jobs: readonly CiJob[],
): readonly { readonly target: TargetName; readonly tools: OldTools; readonly at: string }[] {
  return jobs.flatMap((job) =>
    [...job.values.values()].flatMap(({ texts, at }) =>
      texts.flatMap((text) => {
        const [, mode] = /\bMODE=(\w+)/.exec(text) ?? [];
        const target = targetNames.find((name) => name === mode && targets[name].backend !== "host");
        return target === undefined ? [] : [{ target, tools: toolsOf(job), at }];
      }),
    ),
  );
}

/** Where the configuration of a build is, relative to the repository. */
export const configurationOf = ({ directory, configFile }: OldBuild): string => joined(directory, configFile);
