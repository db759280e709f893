import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, posix, relative } from 'node:path'
import { describeImage } from '../image/check.js'
import { readImage } from '../image/recognise.js'
import type { Context } from '../platform/host.js'
import { seconds, size } from '../platform/log.js'
import { Problem } from '../platform/problem.js'
import { findProgram } from '../platform/programs.js'
import { type TargetName, targets } from '../target/target.js'
import type { Architecture } from '../target/architecture.js'
import type { Toolchain } from '../toolchain/toolchain.js'
import { buildEnvironment } from './environment.js'
import { collectImages, findFiles, searchFor } from './images.js'
import { planBuild } from './plan.js'
import { type BuildPlan, type BuildRequest, type Findings, type PlannedStep, outFolderOf } from './plans/request.js'
import type { Build, BuildStep, BuiltImage, Project } from './project.js'
import { StepOutput } from './step-output.js'
import { usedPackages } from './used-packages.js'

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
  const steps: BuildStep[] = []
  for (const step of plan.steps) steps.push(await runStep(context, step, environment, request))
  const search = searchFor(project, target, inputs.image, outFolderOf(request))
  const isInstalled = project.buildSystem === 'opam' && inputs.image === undefined
  const files = isInstalled ? await installedFiles(context, project, environment) : await findFiles(search)
  const images = await collectImages(files, search, target, architecture)
  for (const image of images) await logImage(context, project, image)
  const packages = await usedPackages(project, target, toolchain)
  return { project, steps, images, ...(packages.length === 0 ? {} : { packages }) }
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

async function runStep(context: Context, step: PlannedStep, environment: Record<string, string>, request: BuildRequest): Promise<BuildStep> {
  const started = performance.now()
  const printed = new StepOutput()
  const [name, ...args] = step.argv
  const { exitCode } = await context.processes.run([programOf(name, environment), ...args], {
    cwd: step.cwd,
    env: { ...environment, ...step.env },
    onLine: (line) => {
      context.log.line(line)
      printed.line(line)
    },
  })
  const ms = Math.round(performance.now() - started)
  printed.annotate(context, step)
  if (exitCode !== 0) throw await printed.problem(step, exitCode, ms, environment['OPAMROOT'], request)
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
