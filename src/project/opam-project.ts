import { copyFile, readFile, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pinsLocalRepository } from '../platform/git-history.js'
import type { Context } from '../platform/host.js'
import type { Outcome } from '../platform/process.js'
import type { Project } from './project.js'
import { programOf } from './run-step.js'

type Opam = (args: readonly string[]) => Promise<Outcome>

/** opam in the project's folder and the toolchain's environment, which asks nothing. */
export const opamIn = (context: Context, { directory }: Project, env: Record<string, string>): Opam => (args) =>
  context.processes.run([programOf('opam', env), ...args], { cwd: directory, env: { ...env, OPAMYES: '1' } })

/** Copies what opam has installed of the project's packages into the switch's bin: it knows, and the other files there are not ours. */
export async function keepInstalled(project: Project, opam: Opam, folder: string): Promise<void> {
  const names = await readdir(project.directory)
  const packages = names.filter((name) => name.endsWith('.opam')).map((name) => basename(name, '.opam'))
  for (const name of packages) {
    const { stdout } = await opam(['show', '--list-files', name])
    for (const path of stdout.split('\n').filter((line) => /\/bin\/[^/]+$/.test(line))) await copyFile(path, join(folder, basename(path)))
  }
}

/** Whether opam will fetch from the project's own checkout. */
export async function pinsItsRepository({ directory, configFile = 'config.ml' }: Project): Promise<boolean> {
  const names = await readdir(directory)
  const files = [configFile, ...names.filter((name) => name.endsWith('.opam') || name.endsWith('.opam.locked'))]
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8').catch(() => '')))
  return texts.some(pinsLocalRepository)
}
