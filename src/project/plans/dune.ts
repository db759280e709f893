import { duneWorkspaceFor } from '../dune-workspace.js'
import type { BuildPlan, BuildRequest } from './request.js'

/**
 * The commands of a dune project. Only the target's context is built: the host's would try to compile the unikernel's C stubs against headers that are
 * not there.
 */
export function planDune({ project, target, toolchain, findings, folder }: BuildRequest): BuildPlan {
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
