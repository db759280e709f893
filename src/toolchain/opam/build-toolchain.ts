import { existsSync } from "node:fs";
import { readFile, readdir, rm, symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { copyInside, removeInside } from "../../platform/files/inside.js";
import type { Context } from "../../platform/host.js";
import { firstOf, seconds } from "../../platform/log.js";
import { quote, succeed } from "../../platform/process/process.js";
import { buildMark, environmentOf, layoutOf, opamEnvironment } from "../environment.js";
import { crossPackages, decidedPackages, nameOf, recipeOf } from "../packages.js";
import { toolchainKey } from "../key.js";
import { specBelow } from "../layers.js";
import { buildTenders } from "../tenders.js";
import type { OpamPin, ToolchainEnvironment, ToolchainSpec } from "../toolchain.js";
import { storeDefinitions } from "./definitions.js";
import { readOpamFailure } from "./failure.js";
import { InstallProgress, changedInPlan } from "./output.js";
import { installProblem } from "./opam-problem.js";
import { checkReachable } from "./reachable.js";
import { type Opam, addPins, availablePackages, createSwitch, succeedOpam } from "./switch.js";

/** opam prints nothing for minutes while a compiler builds: a line now and then shows that it does not hang. */
const silenceMs = 60_000;

/**
 * Builds a toolchain in place, in its own opam root. When this throws, the caller removes the folder.
 *
 * @param path an absolute folder without links: empty, or left by a failed call for the same spec, whose packages stay,
 *   or a copy of the toolchain `below`.
 * @param builds a folder to build packages in; {@link import("../packages.js").checkBuildFolder} limits its path.
 * @param opam absolute path of opam 2.1 or newer. It is copied into the toolchain: only this opam or a newer one can
 *   read the root, and the machine of a later step may have none.
 * @param whole the toolchain that the set-up wants, which may be built on this one.
 * @throws Problem with the end of opam's log of the package that failed.
 */
export async function buildWithOpam(
  context: Context,
  spec: ToolchainSpec,
  { path, builds }: { readonly path: string; readonly builds: string },
  opam: string,
  { whole, below }: { readonly whole: ToolchainSpec; readonly below: ToolchainSpec | undefined },
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
  const prepare = () => prepareSwitch(context, { spec, whole }, run, env);
  const isOnBelow = below !== undefined && (await continueFrom(context, { spec, whole, below }, run, env, layout));
  if (!isOnBelow && !(await takeUp(context, spec, run, layout))) await prepare();
  const place = relative(path, layout.builds);
  removeInside(path, place);
  await symlink(builds, layout.builds);
  const packages = await packagesToName(spec, layout);
  if (packages.length > 0) await install(context, { ...spec, packages }, run, layout);
  removeInside(path, place);
  await storeDefinitions(processes, run, layout.installed);
  if (recipeOf(spec).staticTenders === true && !isOnBelow)
    await buildTenders(context, spec, path, (...args) => run(args), env);
  return environmentOf(
    spec,
    path,
    succeed(await run(["env", "--sexp"], { whole: true }), "asking opam for its environment").stdout,
  );
}

type Layout = ReturnType<typeof layoutOf>;

/** A toolchain, and the one that the set-up wants, which is this one or is built on it. */
interface Wish {
  readonly spec: ToolchainSpec;
  readonly whole: ToolchainSpec;
}

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
  await succeedOpam(await run(["update", "--repositories"]), "reading the opam repositories", spec);
  // Not those of the toolchain below: opam lacks their sources, and would take them for changed.
  const pins = pinsOfItsOwn(spec).map((pin) => nameOf(pin.package));
  if (pins.length > 0)
    await succeedOpam(await run(["update", "--development", ...pins]), "reading the pinned packages", spec);
  return true;
}

/**
 * Prepares the copy of a toolchain for more packages. Its own stay as they are: their versions, although newer ones may
 * be there by now, and their definitions.
 *
 * @returns false, after removing the copy, when the new packages or pins would change or rebuild one of them: then the
 *   toolchain is built from nothing, as it would be without the one below.
 */
async function continueFrom(
  context: Context,
  { spec, whole, below }: Wish & { readonly below: ToolchainSpec },
  run: Opam,
  env: Record<string, string>,
  layout: Layout,
): Promise<boolean> {
  const { root, installed } = layout;
  await succeedOpam(await run(["update", "--repositories"]), "reading the opam repositories", spec);
  await storeDefinitions(context.processes, run, installed);
  await checkAvailable(whole, run);
  const pins = pinsOfItsOwn(spec);
  const names = new Set((await foldersIn(installed)).map(nameOf));
  const pinned = pins.map((pin) => nameOf(pin.package)).filter((name) => names.has(name));
  if (pinned.length === 0) await addPins(context, run, pins, spec, env);
  const changed = pinned.length > 0 ? pinned : await changedByInstall(await packagesToName(spec, layout), run, root);
  if (changed?.length === 0) return true;
  const what = changed === undefined ? "an unknown part of it" : firstOf(changed, 5).join(", ");
  context.log.notice(
    `${toolchainKey(below)} does not fit, because this toolchain changes ${what}: building from nothing`,
  );
  await rm(root, { recursive: true });
  return false;
}

/** Those that the toolchain below it does not have. */
function pinsOfItsOwn(spec: ToolchainSpec): readonly OpamPin[] {
  const below = specBelow(spec)?.pins ?? [];
  return spec.pins.filter((pin) => !below.some((one) => one.package === pin.package));
}

/** opam brings each package that is named up to date: those of the toolchain below stay as they were built. */
async function packagesToName(spec: ToolchainSpec, { installed }: Layout): Promise<readonly string[]> {
  const below = specBelow(spec)?.packages ?? [];
  const names = new Set((await foldersIn(installed)).map(nameOf));
  return spec.packages.filter((text) => !(below.includes(text) && names.has(nameOf(text))));
}

/**
 * The installed packages that installing a toolchain's packages would change; undefined when opam does not say. Empty
 * where there is no solution: installing explains why.
 */
async function changedByInstall(
  packages: readonly string[],
  run: Opam,
  root: string,
): Promise<readonly string[] | undefined> {
  if (packages.length === 0) return [];
  const file = join(root, "plan.json");
  const planned = await run(["install", "--show-actions", `--json=${file}`, ...packages]);
  const text = await readFile(file, "utf8").catch(() => "");
  await rm(file, { force: true });
  return planned.exitCode === 0 ? changedInPlan(text) : [];
}

/** Creates the root and its switch, with the repositories and pins of the spec, and fixes the compilers' versions. */
async function prepareSwitch(
  context: Context,
  { spec, whole }: Wish,
  run: Opam,
  env: Record<string, string>,
): Promise<void> {
  const step = async (doing: string, ...args: string[]) => succeedOpam(await run(args), doing, spec);
  await createSwitch(run, spec.repositories, spec);
  await checkAvailable(whole, run);
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
