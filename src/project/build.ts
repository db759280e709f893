import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describeImage } from '../image/check.js'
import { readImage } from '../image/recognise.js'
import type { Context } from '../platform/host.js'
import { seconds, size } from '../platform/log.js'
import { Problem } from '../platform/problem.js'
import { lastLines, quote } from '../platform/process.js'
import { findProgram } from '../platform/programs.js'
import { type TargetName, targets } from '../target/target.js'
import type { Architecture } from '../target/architecture.js'
import type { Toolchain } from '../toolchain/toolchain.js'
import type { LockChoice } from '../toolchain/lock-choice.js'
import { parseExtraRepositories } from '../toolchain/spec.js'
import { buildEnvironment } from './environment.js'
import { collectImages, findFiles, searchFor } from './images.js'
import { compilerChanges, readCompilers, refuseChangedCompilers } from './mirage/compiler.js'
import { readConfigured } from './mirage/configured.js'
import { completeHistory, pinsLocalRepository } from '../platform/git-history.js'
import { putOverlay } from './mirage/overlay.js'
import { planBuild } from './plan.js'
import { planAfterConfigure } from './plans/mirage.js'
import { type BuildPlan, type BuildRequest, type Findings, type Overlay, type PlannedStep, type Step, hookStep, outFolderOf } from './plans/request.js'
import type { Build, BuildStep, BuiltImage, Project } from './project.js'

/** The inputs of a build; the object of all inputs is one. */
export interface BuildInputs {
  readonly target: TargetName
  readonly arch: Architecture | undefined
  readonly configureArgs: readonly string[]
  readonly buildCommand: string | undefined
  readonly lock: LockChoice
  /** `name: url` lines, or `none`; undefined: what mirage has by itself. */
  readonly extraRepos: readonly string[] | undefined
  readonly duniverseOverlay: readonly Overlay[]
  readonly preConfigure: string | undefined
  readonly postPull: string | undefined
  readonly postBuild: string | undefined
  readonly image: string | undefined
  readonly installSystemPackages: boolean
}

/**
 * Builds a project and collects its images.
 *
 * @param toolchain undefined: the build brings its own.
 * @throws Problem with the failed step's last lines and the command that does it again, or what was found instead of an image.
 */
export async function buildProject(
  context: Context,
  inputs: BuildInputs,
  toolchain: Toolchain | undefined,
  project: Project,
): Promise<Build> {
  const target = targets[inputs.target]
  const architecture = inputs.arch ?? context.host.architecture
  const folder = folderFor(context, project, inputs.target, architecture)
  const findings = await inspect(project)
  const extraRepos = inputs.extraRepos && parseExtraRepositories(inputs.extraRepos)
  const request: BuildRequest = { ...inputs, extraRepos, overlays: inputs.duniverseOverlay, project, target, architecture, toolchain, findings, folder }
  const plan = planBuild(request)
  await prepare(plan)
  const environment = buildEnvironment(context.host.environment, toolchain)
  const steps: BuildStep[] = []
  const run = async (planned: readonly Step[]) => {
    for (const step of planned) steps.push(await runStep(context, project, step, environment))
  }
  if (await pinsItsRepository(project)) await completeHistory(context, project.directory, environment)
  await run(plan.steps)
  const lockFile = project.buildSystem === 'mirage' ? await finishMirage(context, request, run) : undefined
  await run(hookStep(request, 'post-build', inputs.postBuild))
  const search = searchFor(project, target, inputs.image, outFolderOf(request))
  const isInstalled = project.buildSystem === 'opam' && inputs.image === undefined
  const files = isInstalled ? await installedFiles(context, project, environment) : await findFiles(search)
  const images = await collectImages(files, search, target, architecture)
  for (const image of images) await logImage(context, project, image)
  return { project, steps, images, ...(lockFile === undefined ? {} : { lockFile }) }
}

/** One folder of ours for each project, target and architecture: two builds of one job do not meet. */
function folderFor({ host }: Context, project: Project, target: TargetName, architecture: Architecture): string {
  const mark = createHash('sha256').update(project.directory).digest('hex').slice(0, 8)
  return join(host.folders.state, 'build', `${basename(project.directory)}-${mark}-${target}-${architecture}`)
}

async function inspect({ directory }: Project): Promise<Findings> {
  return {
    duneWorkspace: await readFile(join(directory, 'dune-workspace'), 'utf8').catch(() => undefined),
  }
}

/** What follows `mirage configure`; the toolchain must be the same after it. Returns the lock file, when there is one. */
async function finishMirage(context: Context, request: BuildRequest, run: (steps: readonly Step[]) => Promise<void>): Promise<string | undefined> {
  const { project, toolchain } = request
  const configured = await readConfigured(project.directory)
  const { steps, notices } = planAfterConfigure(request, configured)
  for (const notice of notices) context.log.notice(notice)
  const before = toolchain && (await readCompilers(toolchain))
  await run(steps)
  if (toolchain !== undefined && before !== undefined) refuseChangedCompilers(compilerChanges(before, await readCompilers(toolchain)))
  const lockFile = configured && join(project.directory, configured.lockFile)
  return lockFile !== undefined && (await isFile(lockFile)) ? lockFile : undefined
}

/** Whether opam will fetch from the project's own checkout. */
async function pinsItsRepository({ directory, configFile = 'config.ml' }: Project): Promise<boolean> {
  const names = await readdir(directory)
  const files = [configFile, ...names.filter((name) => name.endsWith('.opam') || name.endsWith('.opam.locked'))]
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8').catch(() => '')))
  return texts.some(pinsLocalRepository)
}

async function prepare(plan: BuildPlan): Promise<void> {
  for (const folder of plan.emptyFolders) {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
  }
  for (const { path, text } of plan.files) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}

async function runStep(context: Context, project: Project, step: Step, environment: Record<string, string>): Promise<BuildStep> {
  const started = performance.now()
  if ('overlay' in step) {
    const folder = await putOverlay(project.directory, context.host.folders.workspace, step)
    const ms = Math.round(performance.now() - started)
    context.log.fact(step.name, `${step.overlay.path} is now ${folder}`)
    return { name: step.name, ms }
  }
  const recent: string[] = []
  const [name, ...args] = step.argv
  const outcome = await context.processes.run([programOf(name, environment), ...args], {
    cwd: step.cwd,
    env: { ...environment, ...step.env },
    onLine: (line) => {
      context.log.line(line)
      recent.push(line)
      if (recent.length > 400) recent.splice(0, 200)
    },
  })
  const ms = Math.round(performance.now() - started)
  if (outcome.exitCode !== 0) {
    const printed = recent.map(stripVTControlCharacters)
    const advice = step.advice?.find(({ when }) => printed.some((line) => when.test(line)))
    throw new Problem(`${step.name} failed with status ${outcome.exitCode} after ${seconds(ms)}`, {
      evidence: lastLines(printed.join('\n'), 30),
      ...(advice === undefined ? {} : { do: advice.say }),
      again: commandOf(step),
    })
  }
  context.log.fact(step.name, seconds(ms))
  return { name: step.name, ms }
}

/** Looked up on the toolchain's PATH, which is not the one of our own process. */
function programOf(name: string, environment: Record<string, string>): string {
  const program = findProgram(name, environment['PATH'])
  if (program === undefined) {
    throw new Problem(`${name} is not on PATH`, {
      do: `run setup first; without it (\`ocaml-version: none\`), install ${name} in a step of your own`,
    })
  }
  return program
}

/** The step as a person types it, in the toolchain's environment. */
function commandOf(step: PlannedStep): string {
  const variables = Object.entries(step.env).map(([name, value]) => `${name}=${quote(value)}`)
  return [`cd ${quote(step.cwd)} &&`, ...variables, ...step.argv.map(quote)].join(' ')
}

/** What opam has installed of the project's packages: it knows, and the switch's other files are not ours. */
async function installedFiles(context: Context, project: Project, env: Record<string, string>): Promise<string[]> {
  const names = await readdir(project.directory)
  const packages = names.filter((name) => name.endsWith('.opam')).map((name) => basename(name, '.opam'))
  const files: string[] = []
  for (const name of packages) {
    const { stdout } = await context.processes.run([programOf('opam', env), 'show', '--list-files', name], { cwd: project.directory, env })
    files.push(...stdout.split('\n').filter((path) => /\/bin\/[^/]+$/.test(path)))
  }
  return files.sort()
}

async function logImage(context: Context, project: Project, image: BuiltImage): Promise<void> {
  const path = relative(project.directory, image.path)
  const shown = path.startsWith('..') ? image.path : path
  context.log.fact('image', `${shown}  ${size(image.bytes)}  sha256 ${image.sha256.slice(0, 16)}…`)
  context.log.fact('', describeImage(await readImage(image.path)))
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}
