import { type BuildPlan, type BuildRequest, type PlannedStep, unattended } from './request.js'

/** The commands of a mirage project. */
export function planMirage(request: BuildRequest): BuildPlan {
  return { files: [], emptyFolders: [], steps: steps(request) }
}

function steps(request: BuildRequest): PlannedStep[] {
  const { project, target, configureArgs } = request
  const { configFile = 'config.ml', directory } = project
  const step = (name: string, ...argv: [string, ...string[]]): PlannedStep => ({ name, argv, cwd: directory, env: unattended(request) })
  const file = configFile === 'config.ml' ? [] : ['-f', configFile]
  const configure = ['mirage', 'configure', '-t', target.mirage, ...file, ...configureArgs] as const
  return [
    step(`mirage configure -t ${target.mirage}`, ...configure),
    ...dependencies(request).map(({ name, args }) => step(name, 'make', ...args)),
    step('make build', 'make', 'build'),
  ]
}

/**
 * Always named targets: the Makefile includes `Makefile.user` first, whose first target would be the default.
 * A committed lock is honoured: `-o` keeps make from locking again because `configure` has just written the opam file.
 */
function dependencies(request: BuildRequest): { name: string; args: string[] }[] {
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
