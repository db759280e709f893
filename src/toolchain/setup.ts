import { actionsCache } from '../platform/actions-cache.js'
import { ensureSystemPackages } from '../platform/apt.js'
import type { Context } from '../platform/host.js'
import { readCompilerVersion, readHostSystem } from '../platform/system.js'
import type { Project } from '../project/project.js'
import { targets } from '../target/target.js'
import { type CacheChoice, cachePolicy } from './cache-policy.js'
import { findOpam } from './find-opam.js'
import { keyComponents, toolchainKey } from './key.js'
import { buildWithOpam } from './opam.js'
import { recipeOf, systemPackages } from './packages.js'
import { proveToolchain } from './proof.js'
import { type ToolchainInputs, completeSpec, planToolchain } from './spec.js'
import { obtainToolchain } from './store.js'
import type { Toolchain } from './toolchain.js'

export interface SetUpInputs extends ToolchainInputs {
  readonly cache: CacheChoice
  readonly installSystemPackages: boolean
}

/**
 * Puts the toolchain that the inputs and the project ask for on this machine, and proves that it works.
 * Everything that can be wrong with the inputs is found before anything is downloaded or installed.
 *
 * @throws Problem when there is no such toolchain or it cannot be made.
 */
export async function setUpToolchain(
  context: Context,
  inputs: SetUpInputs,
  project: Project,
): Promise<Toolchain> {
  const { host, log, processes } = context
  return log.group('Toolchain', async () => {
    const target = targets[inputs.target]
    log.fact('project', project.description)
    const plan = planToolchain(inputs, project, host)
    log.fact('target', `${target.name}, ${plan.architecture} (${plan.backend})`)
    log.fact('versions', Object.entries(plan.versions).map(([name, version]) => `${name} ${version}`).join(', '))

    const recipe = recipeOf(plan)
    const system = systemPackages(recipe, plan.versions)
    const install = { install: inputs.installSystemPackages }
    await ensureSystemPackages(context, system.use, install)
    const machine = {
      hostSystem: await readHostSystem(),
      cCompiler: await readCompilerVersion(processes, recipe.cCompiler),
    }
    const spec = completeSpec(plan, machine, host.folders.toolCache)
    const key = toolchainKey(spec)
    log.fact('key', key)
    for (const [name, text] of keyComponents(spec)) log.line(`                ${name.padEnd(13)} ${text === '' ? 'none' : text}`)

    const cache = actionsCache(log)
    return obtainToolchain(
      log,
      spec,
      key,
      {
        ...(cache === undefined ? {} : { cache }),
        policy: cachePolicy(inputs.cache, host.environment['GITHUB_EVENT_NAME'], host.environment['GITHUB_REF']),
      },
      {
        build: async () => {
          await ensureSystemPackages(context, system.build, install)
          return buildWithOpam(context, spec, await findOpam(context, install))
        },
        prove: (environment) => proveToolchain(context, spec, environment, target),
      },
    )
  })
}
