import { join, posix } from "node:path";
import { isDynamicPattern } from "tinyglobby";
import { Problem, WrongUse } from "../platform/problem.js";
import { duneContextFor } from "./dune-workspace.js";
import { planMirage } from "./plans/mirage.js";
import {
  type Advice,
  type BuildPlan,
  type BuildRequest,
  hookStep,
  type PlannedStep,
  outFolderOf,
  shellVariables,
  unattended,
} from "./plans/request.js";
import type { BuildSystem } from "./project.js";

/**
 * The commands that build a project, and the files and folders that they need. For a mirage project, the commands up to
 * `mirage configure`: its output decides the rest.
 *
 * @throws Problem when an input does not apply to the build system, or a required lock file is missing.
 */
export function planBuild(request: BuildRequest): BuildPlan {
  checkMirageInputs(request);
  checkConfigureArgs(request);
  const { image, preConfigure, project } = request;
  const plan =
    project.buildSystem === "mirage" ? planMirage({ ...request, project }) : planners[project.buildSystem](request);
  const images = image === undefined ? plan.images : { folder: project.directory, pattern: image };
  return { ...plan, images, steps: [...hookStep(request, "pre-configure", preConfigure), ...plan.steps] };
}

function checkMirageInputs({ project, postPull, overlays, extraRepos, lock }: BuildRequest): void {
  if (project.buildSystem === "mirage") return;
  const given = {
    "post-pull": postPull !== undefined,
    "duniverse-overlay": overlays.length > 0,
    "extra-repos": extraRepos !== undefined,
  };
  const [input] = Object.entries(given).find(([, isGiven]) => isGiven) ?? [];
  if (input === undefined) {
    if (lock === "require" && (project.lockFiles ?? []).length === 0) throw missingOpamLock();
    return;
  }
  throw new WrongUse(
    `input ${input}: the project is built by ${project.buildSystem}, and \`${input}\` works only with mirage`,
    { do: `remove \`${input}\`, or set \`build-system: mirage\`` },
  );
}

const missingOpamLock = () =>
  new Problem("input lock: require, but there is no lock file", {
    because: "looked for *.opam.locked in `directory`",
    do: "run `opam lock`, and commit the file that it writes; or remove `lock`",
  });

/** Unused arguments are refused: they name the artifact, so two artifacts would have the same image. */
function checkConfigureArgs({ project: { buildSystem }, configureArgs, preConfigure, postBuild }: BuildRequest): void {
  const areRead =
    buildSystem === "mirage" || buildSystem === "command" || preConfigure !== undefined || postBuild !== undefined;
  if (configureArgs.length === 0 || areRead) return;
  throw new WrongUse(`input configure-args: the project is built by ${buildSystem}, which does not use it`, {
    found: configureArgs.join(" "),
    do: [
      "remove `configure-args`; to distinguish artifacts, set `artifact-name`, or `variant=` in a matrix",
      "or read `CONFIGURE_ARGS` in `pre-configure`",
    ],
  });
}

const planners: Readonly<Record<Exclude<BuildSystem, "mirage">, (request: BuildRequest) => BuildPlan>> = {
  dune: planDune,
  opam: planOpam,
  command: planCommand,
};

/** Runs in a shell, because `build-command` is documented as a shell command. */
function planCommand(request: BuildRequest): BuildPlan {
  const { project, target, buildCommand } = request;
  if (buildCommand === undefined) {
    throw new Problem("`build-system: command` needs a command", { do: "set `build-command`" });
  }
  const env = { ...target.linkVariables, ...shellVariables(request) };
  const step: PlannedStep = {
    name: "build-command",
    argv: ["sh", "-e", "-c", buildCommand],
    cwd: project.directory,
    env,
  };
  const out = outFolderOf(request);
  return { files: [], emptyFolders: [out], steps: [step], images: { folder: out, pattern: "**" } };
}

/**
 * Builds only the target's context: the host's context would compile the unikernel's C stubs against headers that do
 * not exist there. dune still builds the host programs that rules of the target's context run.
 */
function planDune(request: BuildRequest): BuildPlan {
  const { project, target, toolchain, findings, folder } = request;
  const findlib = toolchain?.environment.findlibToolchain ?? target.duneContext;
  const context = duneContextFor(findings.duneWorkspace, target, findlib, findings.duneFiles);
  const path = `${folder}/dune-workspace`;
  const argv = [
    ...(["dune", "build", "--root", ".", "--profile", "release"] as const),
    ...(context.workspace === undefined ? [] : ["--workspace", path]),
    ...(context.cross === undefined ? [] : ["-x", context.cross]),
    duneTarget(request, `_build/${context.name}`),
  ] as const;
  return {
    files: context.workspace === undefined ? [] : [{ path, text: context.workspace }],
    emptyFolders: [],
    steps: [
      { name: "dune build", argv, cwd: project.directory, env: target.linkVariables, advice: duneAdvice(context.name) },
    ],
    images: { folder: join(project.directory, "_build", context.name), pattern: "**/*.exe" },
  };
}

/**
 * The image alone, where `image` names one file of the context; otherwise the context's default alias, as a plain
 * `dune build` would. A hook after the build may use, or make, other files than the image.
 */
function duneTarget({ image, postBuild }: BuildRequest, contextFolder: string): string {
  const path = posix.normalize(image ?? "");
  const isOneFile = path.startsWith(`${contextFolder}/`) && !isDynamicPattern(path);
  return isOneFile && postBuild === undefined ? path : `@${contextFolder}/default`;
}

/** The cross compiler of ocaml-solo5 0.8 (OCaml 4.14) has the compiler's libraries for bytecode only. */
const duneAdvice = (context: string): readonly Advice[] => [
  {
    when: /\/compiler-libs\/ocaml\w+\.cmxa$/,
    say: [
      `the cross compiler cannot build ppx rewriters: build only the image, with \`image: _build/${context}/NAME.exe\``,
      "or add `(enabled_if (= %{context_name} default))` to the dune stanzas of the ppx",
    ],
  },
];

/** Installs the project's own opam packages. */
function planOpam(request: BuildRequest): BuildPlan {
  const { project, target } = request;
  const argv = ["opam", "install", "--yes", "--working-dir", "."] as const;
  const env = { ...unattended(request), ...target.linkVariables };
  const steps = [{ name: "opam install .", argv, cwd: project.directory, env }];
  const out = outFolderOf(request);
  return { files: [], emptyFolders: [out], steps, images: { folder: out, pattern: "**" } };
}
