import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, posix, relative } from 'node:path'
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
import { borrowSwitch } from '../toolchain/borrow.js'
import type { Toolchain } from '../toolchain/toolchain.js'
import { readDuneFiles } from './dune-files.js'
import { buildEnvironment } from './environment.js'
import { collectImages, findFiles, searchFor } from './images.js'
import { planBuild } from './plan.js'
import { type BuildPlan, type BuildRequest, type Findings, type PlannedStep, outFolderOf } from './plans/request.js'
import type { Build, BuildStep, BuiltImage, Project } from './project.js'

/** The inputs of a build; the object of all inputs is one. */
export interface BuildInputs {
  readonly target: TargetName
  readonly arch: Architecture | undefined
  readonly configureArgs: readonly string[]
  readonly buildCommand: string | undefined
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
  const request: BuildRequest = { ...inputs, project, target, architecture, toolchain, findings, folder }
  const plan = planBuild(request)
  await prepare(plan)
  const environment = buildEnvironment(context.host.environment, toolchain)
  const runSteps = async () => {
    const steps: BuildStep[] = []
    for (const step of plan.steps) steps.push(await runStep(context, step, environment))
    if (project.buildSystem === 'opam') await keepInstalled(context, project, environment, outFolderOf(request))
    return steps
  }
  const steps =
    plan.changesSwitch === true && toolchain !== undefined
      ? await borrowSwitch(context, toolchain, opamIn(context, project, environment), runSteps)
      : await runSteps()
  const search = searchFor(project, target, inputs.image, { out: outFolderOf(request), duneContext: plan.duneContext ?? target.duneContext })
  const images = await collectImages(await findFiles(search), search, target, architecture)
  for (const image of images) await logImage(context, project, image)
  return { project, steps, images }
}

/** One folder of ours for each project, target and architecture: two builds of one job do not meet. */
function folderFor({ host }: Context, project: Project, target: TargetName, architecture: Architecture): string {
  const mark = createHash('sha256').update(project.directory).digest('hex').slice(0, 8)
  return join(host.folders.state, 'build', `${basename(project.directory)}-${mark}-${target}-${architecture}`)
}

async function inspect(project: Project): Promise<Findings> {
  const { directory, configFile = 'config.ml' } = project
  const lockFolder = posix.join(dirname(configFile), 'mirage')
  const names = await readdir(join(directory, lockFolder)).catch(() => [])
  return {
    lockFiles: names.filter((name) => name.endsWith('.opam.locked')).map((name) => posix.join(lockFolder, name)),
    duneWorkspace: await readFile(join(directory, 'dune-workspace'), 'utf8').catch(() => undefined),
    duneFiles: project.buildSystem === 'dune' ? await readDuneFiles(directory) : [],
  }
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

async function runStep(context: Context, step: PlannedStep, environment: Record<string, string>): Promise<BuildStep> {
  const started = performance.now()
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
    throw new Problem(`${step.name} failed with status ${outcome.exitCode} after ${seconds(ms)}`, {
      evidence: lastLines(recent.map(stripVTControlCharacters).join('\n'), 30),
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

const opamIn = (context: Context, { directory }: Project, env: Record<string, string>) => (args: readonly string[]) =>
  context.processes.run([programOf('opam', env), ...args], { cwd: directory, env: { ...env, OPAMYES: '1' } })

/** Copies what opam has installed of the project's packages into the switch's bin: it knows, and the other files there are not ours. */
async function keepInstalled(context: Context, project: Project, env: Record<string, string>, folder: string): Promise<void> {
  const names = await readdir(project.directory)
  const packages = names.filter((name) => name.endsWith('.opam')).map((name) => basename(name, '.opam'))
  for (const name of packages) {
    const { stdout } = await opamIn(context, project, env)(['show', '--list-files', name])
    for (const path of stdout.split('\n').filter((line) => /\/bin\/[^/]+$/.test(line))) await copyFile(path, join(folder, basename(path)))
  }
}

async function logImage(context: Context, project: Project, image: BuiltImage): Promise<void> {
  const path = relative(project.directory, image.path)
  const shown = path.startsWith('..') ? image.path : path
  context.log.fact('image', `${shown}  ${size(image.bytes)}  sha256 ${image.sha256.slice(0, 16)}…`)
  context.log.fact('', describeImage(await readImage(image.path)))
}
