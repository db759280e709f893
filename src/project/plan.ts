import { Problem } from '../platform/problem.js'
import type { Architecture } from '../target/architecture.js'
import type { Target } from '../target/target.js'
import type { Toolchain } from '../toolchain/toolchain.js'
import { duneWorkspaceFor } from './dune-workspace.js'
import type { BuildSystem, Project } from './project.js'

export interface PlannedStep {
  /** As the log and build-info.json name it. */
  readonly name: string
  readonly argv: readonly [string, ...string[]]
  /** Absolute. */
  readonly cwd: string
  /** Added to the toolchain's environment. */
  readonly env: Readonly<Record<string, string>>
}

export interface BuildPlan {
  /** Written before the first step. */
  readonly files: readonly { readonly path: string; readonly text: string }[]
  /** Folders emptied before the first step: our own, never the project's. */
  readonly emptyFolders: readonly string[]
  readonly steps: readonly PlannedStep[]
}

/** Everything that decides how a project is built. */
export interface BuildRequest {
  readonly project: Project
  readonly target: Target
  readonly architecture: Architecture
  /** Absent: the build brings its own. */
  readonly toolchain: Toolchain | undefined
  readonly configureArgs: readonly string[]
  readonly buildCommand: string | undefined
  /** Whether opam may install what the project's dependencies need of the system. */
  readonly installSystemPackages: boolean
  /** What was looked up in the project's folder. */
  readonly findings: Findings
  /** A folder of ours for this project, absolute: generated files, and `OUT` of a build command. */
  readonly folder: string
}

export interface Findings {
  /** mirage only: lock files beside the configuration, as paths relative to the project's folder. */
  readonly lockFiles: readonly string[]
  /** dune only: the text of the project's dune-workspace. */
  readonly duneWorkspace: string | undefined
}

/** The commands that build a project, and what they need first. */
export function planBuild(request: BuildRequest): BuildPlan {
  return planners[request.project.buildSystem](request)
}

/** The folder that a build command leaves its images in (`OUT`). */
export function outFolderOf(request: Pick<BuildRequest, 'folder'>): string {
  return `${request.folder}/out`
}

const planners: Readonly<Record<BuildSystem, (request: BuildRequest) => BuildPlan>> = {
  mirage: (request) => ({ files: [], emptyFolders: [], steps: mirageSteps(request) }),
  dune: planDune,
  opam: planOpam,
  command: planCommand,
}

/** Nothing may wait for an answer, and opam installs system packages only where we may: its child opams inherit both. */
function unattended({ installSystemPackages }: BuildRequest): Readonly<Record<string, string>> {
  const answers = { OPAMYES: '1', OPAMCONFIRMLEVEL: 'unsafe-yes' }
  return installSystemPackages ? answers : { ...answers, OPAMNODEPEXTS: '1' }
}

function mirageSteps(request: BuildRequest): PlannedStep[] {
  const { project, target, configureArgs } = request
  const { configFile = 'config.ml', directory } = project
  const step = (name: string, ...argv: [string, ...string[]]): PlannedStep => ({ name, argv, cwd: directory, env: unattended(request) })
  const file = configFile === 'config.ml' ? [] : ['-f', configFile]
  const configure = ['mirage', 'configure', '-t', target.mirage, ...file, ...configureArgs] as const
  return [
    step(`mirage configure -t ${target.mirage}`, ...configure),
    ...mirageDependencies(request).map(({ name, args }) => step(name, 'make', ...args)),
    step('make build', 'make', 'build'),
  ]
}

/**
 * Always named targets: the Makefile includes `Makefile.user` first, whose first target would be the default.
 * A committed lock is honoured: `-o` keeps make from locking again because `configure` has just written the opam file.
 */
function mirageDependencies(request: BuildRequest): { name: string; args: string[] }[] {
  const lock = committedLock(request)
  const isLocked = lock !== undefined
  const keepsCompiler = !wouldEvictCompiler(request)
  if (!isLocked && keepsCompiler) return [{ name: 'make depends', args: ['depends'] }]
  return [
    ...(isLocked ? [] : [{ name: 'make lock', args: ['lock'] }]),
    ...(keepsCompiler ? [{ name: 'make install-switch', args: ['install-switch'] }] : []),
    { name: isLocked ? `make pull (${lock})` : 'make pull', args: isLocked ? ['-o', lock, 'pull'] : ['pull'] },
  ]
}

/** mirage names the lock after the unikernel and the target: `mirage/NAME-hvt.opam.locked`. */
function committedLock({ findings, target }: BuildRequest): string | undefined {
  const candidates = findings.lockFiles.filter((path) => path.endsWith(`-${target.mirage}.opam.locked`))
  return candidates.length === 1 ? candidates[0] : undefined
}

function wouldEvictCompiler({ target, toolchain }: BuildRequest): boolean {
  return toolchain !== undefined && target.crossExcludesHost && toolchain.spec.architecture !== toolchain.spec.hostArchitecture
}

/**
 * Only the target's context is built: the host's would try to compile the unikernel's C stubs against headers that are
 * not there.
 */
function planDune({ project, target, toolchain, findings, folder }: BuildRequest): BuildPlan {
  const text = duneWorkspaceFor(findings.duneWorkspace, target, toolchain?.environment.findlibToolchain ?? target.duneContext)
  const path = `${folder}/dune-workspace`
  const workspace = text === undefined ? [] : ['--workspace', path]
  const alias = `@_build/${target.duneContext}/default`
  const argv = ['dune', 'build', '--root', '.', '--profile', 'release', ...workspace, alias] as const
  return {
    files: text === undefined ? [] : [{ path, text }],
    emptyFolders: [],
    steps: [{ name: 'dune build', argv, cwd: project.directory, env: target.linkVariables }],
  }
}

function planOpam(request: BuildRequest): BuildPlan {
  const { project, target } = request
  const argv = ['opam', 'install', '--yes', '--working-dir', '.'] as const
  const env = { ...unattended(request), ...target.linkVariables }
  return { files: [], emptyFolders: [], steps: [{ name: 'opam install .', argv, cwd: project.directory, env }] }
}

/** The one step that goes through a shell: `build-command` is documented as a shell command. */
function planCommand(request: BuildRequest): BuildPlan {
  const { project, target, architecture, buildCommand } = request
  if (buildCommand === undefined) {
    throw new Problem('`build-system: command` needs a command', { do: 'set `build-command`' })
  }
  const out = outFolderOf(request)
  const env = { ...target.linkVariables, TARGET: target.name, ARCH: architecture, OUT: out }
  const step: PlannedStep = { name: 'build-command', argv: ['sh', '-e', '-c', buildCommand], cwd: project.directory, env }
  return { files: [], emptyFolders: [out], steps: [step] }
}
