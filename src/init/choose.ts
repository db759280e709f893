import { Problem } from "../platform/problem.js";
import type { BuildSystem } from "../project/project.js";

export const forges = ["github", "forgejo", "gitea", "gitlab", "shell"] as const;
export type Forge = (typeof forges)[number];

/** The templates in templates/github/, and what each is for. */
export const gitHubTemplates = {
  unikernel: "one target",
  "unikernel-matrix": "several targets and architectures",
  "unikernel-release": "a release for each tag",
  "unikernel-dune": "a dune project without mirage",
  "unikernel-unikraft": "Unikraft, on both architectures",
  "warm-toolchains": "toolchains kept in the cache of the default branch",
  portable: "GitHub Enterprise Server, act, older runners",
} as const;
export type GitHubTemplate = keyof typeof gitHubTemplates;

export interface Situation {
  readonly forge: Forge;
  /** Undefined: chosen for the project. */
  readonly template: string | undefined;
  readonly buildSystem: BuildSystem;
  /** A Unikraft target is given, or the project's dune files name Unikraft. */
  readonly isUnikraft: boolean;
}

/** The inputs of GitLab's component, in the order of its `spec`. */
export const gitLabInputs = [
  "target",
  "arch",
  "directory",
  "config-file",
  "build-system",
  "build-command",
  "ocaml-version",
  "expect",
  "boot",
] as const;

/** A file of a template, relative to templates/, and its path in the user's repository. */
export interface Placement {
  readonly from: string;
  readonly to: string;
  /** Whether given inputs are written into this file. */
  readonly takesInputs: boolean;
}

export interface Choice {
  /** For the log. */
  readonly name: string;
  readonly why: string;
  readonly files: readonly Placement[];
}

/** @throws Problem when the forge has no template of that name. */
export function chooseTemplate(situation: Situation): Choice {
  const { forge, template } = situation;
  if (forge !== "github") {
    if (template !== undefined)
      throw new Problem(`--template: ${forge} has only one template`, { do: "omit --template" });
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
  if (found === undefined)
    throw new Problem(`--template: ${JSON.stringify(name)} is not a template`, { accepted: known.join(", ") });
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
    why: "Makefile rules: `include unikernel.mk`, then `make unikernel`",
    files: [{ from: "shell/unikernel.mk", to: "unikernel.mk", takesInputs: true }],
  },
};
