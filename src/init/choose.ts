import { didYouMean } from "../platform/closest.js";
import { WrongUse } from "../platform/problem.js";
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
  /** The target is one of Unikraft. */
  readonly isUnikraft: boolean;
  /** Several unikernels or targets. */
  readonly isMany: boolean;
}

/** The forge whose files a repository has, and the file that shows it. */
export function forgeOf(paths: readonly string[]): { readonly forge: Forge; readonly seen: string | undefined } {
  const has = (start: string) => paths.some((path) => path.startsWith(start));
  const seen = (Object.entries(marks) as [Forge, string][]).find(([, mark]) => has(mark));
  return seen === undefined ? { forge: "github", seen: undefined } : { forge: seen[0], seen: seen[1] };
}

/** In the order of their precedence: many projects have a mirror on GitHub whose CI counts. */
const marks = {
  github: ".github/workflows/",
  forgejo: ".forgejo/workflows/",
  gitea: ".gitea/workflows/",
  gitlab: ".gitlab-ci.yml",
} as const satisfies Partial<Record<Forge, string>>;

/** The folder of a forge's workflows; undefined: it has none. */
export const workflowFolder = (forge: Forge): string | undefined =>
  forge === "gitlab" || forge === "shell" ? undefined : `.${forge}`;

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
  /** Whether it was chosen for the project, and not named by a person. */
  readonly isChosen: boolean;
}

/** @throws Problem when the forge has no template of that name. */
export function chooseTemplate(situation: Situation): Choice {
  const { forge, template } = situation;
  if (forge !== "github") {
    if (template !== undefined)
      throw new WrongUse(`--template: ${forge} has only one template`, { do: "omit --template" });
    return others[forge];
  }
  const name = template === undefined ? fitting(situation) : namedTemplate(template);
  const file = `${name}.yml`;
  return {
    name,
    why: gitHubTemplates[name],
    isChosen: template === undefined,
    files: [{ from: `github/${file}`, to: `.github/workflows/${file}`, takesInputs: true }],
  };
}

function fitting({ buildSystem, isUnikraft, isMany }: Situation): GitHubTemplate {
  if (isMany) return "unikernel-matrix";
  if (isUnikraft) return "unikernel-unikraft";
  return buildSystem === "dune" ? "unikernel-dune" : "unikernel";
}

function namedTemplate(name: string): GitHubTemplate {
  const known = Object.keys(gitHubTemplates) as GitHubTemplate[];
  const found = known.find((candidate) => candidate === name.toLowerCase());
  if (found === undefined)
    throw new WrongUse(`--template: ${JSON.stringify(name)} is not a template${didYouMean(name, known)}`, {
      accepted: known.join(", "),
    });
  return found;
}

const workflow = (folder: string): readonly Placement[] => [
  { from: "forgejo/unikernel.yml", to: `${folder}/workflows/unikernel.yml`, takesInputs: true },
];

const others: Readonly<Record<Exclude<Forge, "github">, Choice>> = {
  forgejo: { name: "forgejo", why: "a workflow for Forgejo", files: workflow(".forgejo"), isChosen: true },
  gitea: { name: "gitea", why: "a workflow for Gitea", files: workflow(".gitea"), isChosen: true },
  gitlab: {
    name: "gitlab",
    isChosen: true,
    why: "a component and a pipeline that includes it",
    files: [
      { from: "gitlab/unikernel.yml", to: ".gitlab/unikernel.yml", takesInputs: false },
      { from: "gitlab/gitlab-ci.yml", to: ".gitlab-ci.yml", takesInputs: true },
    ],
  },
  shell: {
    name: "shell",
    isChosen: true,
    why: "make rules: `make -f unikernel.mk`",
    files: [{ from: "shell/unikernel.mk", to: "unikernel.mk", takesInputs: true }],
  },
};
