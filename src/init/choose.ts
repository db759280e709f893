import { Problem } from "../platform/problem.js";
import type { BuildSystem } from "../project/project.js";

export const forges = ["github", "forgejo", "gitea", "gitlab", "shell"] as const;
export type Forge = (typeof forges)[number];

/** The templates of GitHub's form, which templates/github/ has; each with what it is for. */
export const gitHubTemplates = {
  unikernel: "one target",
  "unikernel-matrix": "several targets and architectures",
  "unikernel-release": "a release for each tag",
  "unikernel-dune": "a dune project without mirage",
  "unikernel-unikraft": "Unikraft, on both architectures",
  "warm-toolchains": "keeps toolchains cached on the default branch",
  portable: "the parts as steps: GitHub Enterprise Server, act",
} as const;
export type GitHubTemplate = keyof typeof gitHubTemplates;

/** What decides which template fits. */
export interface Situation {
  readonly forge: Forge;
  /** Undefined: the one that fits the project. */
  readonly template: string | undefined;
  readonly buildSystem: BuildSystem;
  /** The target was asked for, or the project's dune files name it. */
  readonly isUnikraft: boolean;
}

/** The inputs that GitLab's component has, as its `spec` lists them: those that decide a run. */
export const gitLabInputs = [
  "target",
  "arch",
  "directory",
  "build-system",
  "build-command",
  "ocaml-version",
  "expect",
  "boot",
] as const;

/** A template's file, relative to templates/, and where it belongs in the repository. */
export interface Placement {
  readonly from: string;
  readonly to: string;
  /** The inputs that were asked for go into this one. */
  readonly takesInputs: boolean;
}

export interface Choice {
  /** As the log says it. */
  readonly name: string;
  readonly why: string;
  readonly files: readonly Placement[];
}

/** @throws Problem when a template was asked for that the forge has not. */
export function chooseTemplate(situation: Situation): Choice {
  const { forge, template } = situation;
  if (forge !== "github") {
    if (template !== undefined)
      throw new Problem(`--template: there is one template for ${forge}`, { do: "leave --template out" });
    return others[forge];
  }
  const name = template === undefined ? fitting(situation) : namedTemplate(template);
  const file = `${name}.yml`;
  return {
    name,
    why: gitHubTemplates[name],
    files: [{ from: `github/${file}`, to: `.github/workflows/${file}`, takesInputs: true }],
  };
}

function fitting({ buildSystem, isUnikraft }: Situation): GitHubTemplate {
  if (isUnikraft) return "unikernel-unikraft";
  return buildSystem === "dune" ? "unikernel-dune" : "unikernel";
}

function namedTemplate(name: string): GitHubTemplate {
  const known = Object.keys(gitHubTemplates) as GitHubTemplate[];
  const found = known.find((candidate) => candidate === name);
  if (found === undefined) throw new Problem(`--template: there is no ${name}`, { accepted: known.join(", ") });
  return found;
}

const workflow = (folder: string): readonly Placement[] => [
  { from: "forgejo/unikernel.yml", to: `${folder}/workflows/unikernel.yml`, takesInputs: true },
];

const others: Readonly<Record<Exclude<Forge, "github">, Choice>> = {
  forgejo: { name: "forgejo", why: "a workflow for Forgejo", files: workflow(".forgejo") },
  gitea: { name: "gitea", why: "a workflow for Gitea", files: workflow(".gitea") },
  gitlab: {
    name: "gitlab",
    why: "a component and a pipeline that includes it",
    files: [
      { from: "gitlab/unikernel.yml", to: ".gitlab/unikernel.yml", takesInputs: false },
      { from: "gitlab/gitlab-ci.yml", to: ".gitlab-ci.yml", takesInputs: true },
    ],
  },
  shell: {
    name: "shell",
    why: "a part of a Makefile: `include unikernel.mk`, then `make unikernel`",
    files: [{ from: "shell/unikernel.mk", to: "unikernel.mk", takesInputs: true }],
  },
};
