import { existsSync } from "node:fs";
import { readdir, rm, symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { copyInside, removeInside } from "../../platform/files/inside.js";
import type { Context } from "../../platform/host.js";
import { seconds } from "../../platform/log.js";
import { quote, succeed } from "../../platform/process/process.js";
import { buildMark, environmentOf, layoutOf, opamEnvironment } from "../environment.js";
import { crossPackages, decidedPackages, recipeOf } from "../packages.js";
import { buildTenders } from "../tenders.js";
import type { ToolchainEnvironment, ToolchainSpec } from "../toolchain.js";
import { storeDefinitions } from "./definitions.js";
import { readOpamFailure } from "./failure.js";
import { InstallProgress } from "./output.js";
import { installProblem } from "./opam-problem.js";
import { checkReachable } from "./reachable.js";
import { type Opam, addPins, availablePackages, createSwitch, succeedOpam } from "./switch.js";

/** opam prints nothing for minutes while a compiler builds: a line now and then shows that it does not hang. */
const silenceMs = 60_000;

/**
 * Builds a toolchain in place, in its own opam root. When this throws, the caller removes the folder.
 *
 * @param path an absolute folder without links: empty, or left by a failed call for the same spec, whose packages stay.
 * @param builds a folder to build packages in; {@link import("../packages.js").checkBuildFolder} limits its path.
 * @param opam absolute path of opam 2.1 or newer. It is copied into the toolchain: only this opam or a newer one can
 *   read the root, and the machine of a later step may have none.
 * @throws Problem with the end of opam's log of the package that failed.
 */
export async function buildWithOpam(
  context: Context,
  spec: ToolchainSpec,
  { path, builds }: { readonly path: string; readonly builds: string },
  opam: string,
): Promise<ToolchainEnvironment> {
  const { host, processes } = context;
  const layout = layoutOf(path);
  const flags = spec.cFlags === undefined ? {} : { CFLAGS: spec.cFlags.join(" ") };
  const env = { ...opamEnvironment(path, host.environment, host.cores), ...flags, [buildMark]: path };
  const own = join(layout.tools, "opam");
  // The packages of a kept build could have left a link there.
  copyInside(opam, path, relative(path, own));
  const run: Opam = (args, watch = {}) => processes.run([own, ...args], { env, cwd: path, ...watch });
  await checkReachable(context, spec.repositories, env);
  if (!(await takeUp(context, spec, run, layout))) await prepareSwitch(context, spec, run, env);
  const place = relative(path, layout.builds);
  removeInside(path, place);
  await symlink(builds, layout.builds);
  await install(context, spec, run, layout);
  removeInside(path, place);
  await storeDefinitions(processes, run, layout.installed);
  if (recipeOf(spec).staticTenders === true) await buildTenders(context, spec, path, (...args) => run(args), env);
  return environmentOf(
    spec,
    path,
    succeed(await run(["env", "--sexp"], { whole: true }), "asking opam for its environment").stdout,
  );
}

type Layout = ReturnType<typeof layoutOf>;

/**
 * Updates the repositories and pins of an opam root that an earlier build has left.
 *
 * @returns false when there is none; one that opam cannot read is removed.
 */
async function takeUp(
  { log, processes }: Context,
  spec: ToolchainSpec,
  run: Opam,
  { root, installed }: Layout,
): Promise<boolean> {
  if (!existsSync(root)) return false;
  if ((await run(["list", "--installed", "--short"])).exitCode !== 0) {
    log.notice("opam cannot read the kept build: this one starts from scratch");
    await rm(root, { recursive: true });
    return false;
  }
  await storeDefinitions(processes, run, installed);
  await succeedOpam(await run(["update"]), "reading the opam repositories", spec);
  return true;
}

/** Creates the root and its switch, with the repositories and pins of the spec, and fixes the compilers' versions. */
async function prepareSwitch(
  context: Context,
  spec: ToolchainSpec,
  run: Opam,
  env: Record<string, string>,
): Promise<void> {
  const step = async (doing: string, ...args: string[]) => succeedOpam(await run(args), doing, spec);
  await createSwitch(run, spec.repositories, spec);
  await checkAvailable(spec, run);
  const [compiler = ""] = spec.packages;
  // The cross compiler too: a project's dependencies must not replace it later.
  const fixed = [compiler, ...crossPackages(recipeOf(spec), spec.versions).filter((name) => name.includes("."))];
  await step(`choosing ${compiler}`, "switch", "set-invariant", "--no-action", ...fixed);
  await addPins(context, run, spec.pins, spec, env);
}

/** The repositories lack packages of the version table: thrown before anything is built. */
export class LackingPackages extends Error {
  /** @param available the versions of these packages that the repositories have, as `name.version`. */
  constructor(
    readonly missing: readonly string[],
    readonly available: ReadonlySet<string>,
  ) {
    super(`the opam repositories lack ${missing.join(", ")}`);
  }
}

async function checkAvailable(spec: ToolchainSpec, run: Opam): Promise<void> {
  const options = spec.packages.filter((name) => name.startsWith("ocaml-option-"));
  const decided = decidedPackages(recipeOf(spec), spec.versions, options, spec.pins);
  const names = decided.map((name) => name.replace(/\..*/, ""));
  const available = await availablePackages(run, names);
  const missing = decided.filter((name) => !available.has(name));
  if (missing.length > 0) throw new LackingPackages(missing, available);
}

/**
 * Installs the packages of the spec, and logs the progress. Stops opam at the first package that fails: opam itself
 * would first build all packages that do not depend on it.
 */
async function install({ log }: Context, spec: ToolchainSpec, run: Opam, { root, builds }: Layout): Promise<void> {
  const start = performance.now();
  const progress = new InstallProgress();
  const tell = (news: string) => log.line(`  ${seconds(performance.now() - start).padStart(12)}  ${news}`);
  const stillAlive = setInterval(
    () => void foldersIn(builds).then((names) => tell(progress.silence(names))),
    silenceMs,
  );
  const failed = new AbortController();
  const onLine = (line: string) => {
    const failure = failureOf(line);
    const news = failure === undefined ? progress.line(line) : `${failure} failed: stopping opam`;
    if (news === undefined || failed.signal.aborted) return;
    tell(news);
    stillAlive.refresh();
    if (failure !== undefined) failed.abort();
  };
  const installed = await run(["install", ...spec.packages], { onLine, signal: failed.signal }).finally(() =>
    clearInterval(stillAlive),
  );
  if (installed.exitCode !== 0) {
    const output = `${installed.stdout}\n${installed.stderr}`;
    throw await installProblem(
      { ...spec, output, root, sourceOf: (name) => sourceOf(run, name) },
      installed.exitCode,
      `opam install ${spec.packages.map(quote).join(" ")}`,
    );
  }
}

/** The package that has just failed, which opam reports at once. */
function failureOf(line: string): string | undefined {
  if (!line.startsWith("[ERROR] ")) return undefined;
  const failure = readOpamFailure(line);
  return failure?.kind === "build" || failure?.kind === "download" ? failure.package : undefined;
}

async function sourceOf(run: Opam, name: string): Promise<string | undefined> {
  const { stdout } = await run(["show", "--field=url.src:", name]);
  return /^"(\S+)"$/m.exec(stdout)?.[1];
}

const foldersIn = (path: string): Promise<readonly string[]> => readdir(path).catch(() => []);
