import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Context } from '../../platform/host.js'
import { buildProject } from '../../project/build.js'
import { lastCommitDate } from '../../project/clean-copy.js'
import { detectProject } from '../../project/detect.js'
import { checkExpected } from '../../project/expected.js'
import type { Build, Project } from '../../project/project.js'
import { buildTwice, unpinnedSources } from '../../project/reproduce.js'
import { stripImages } from '../../project/strip.js'
import { readToolchain, saveRecord } from '../../report/records.js'
import { artifactsFolder } from '../../report/artifacts-folder.js'
import type { Toolchain } from '../../toolchain/toolchain.js'
import { isInstalled } from '../../toolchain/installed.js'
import { targets } from '../../target/target.js'
import { withTarget } from '../inputs.js'
import type { PartFunction } from '../main.js'

/** Builds the project and says where its images are. */
export const build: PartFunction = async (context, given, runner) => {
  const inputs = withTarget(given)
  const architecture = inputs.arch ?? context.host.architecture
  const project = await detectProject(context.host.folders.workspace, inputs)
  const record = await readToolchain(context, targets[inputs.target].backend, architecture)
  // On a machine that is kept, the folder may have been removed since.
  const toolchain = record && (await isInstalled(record.toolchain)) ? record : undefined
  const result = await context.log.group('Build', async () => makeImages(await dated(context, project), inputs, toolchain?.toolchain, project))
  const buildRecord = { target: inputs.target, architecture, build: result, ...(toolchain === undefined ? {} : { toolchain }) }
  for (const { path } of result.images) await saveRecord(context, path, 'build', buildRecord)
  const [image] = result.images
  runner.setOutput('image', image.path)
  runner.setOutput('images', JSON.stringify(result.images.map(({ path }) => path)))
  runner.setOutput('sha256', image.sha256)
  return true
}

async function makeImages(
  context: Context,
  inputs: ReturnType<typeof withTarget>,
  toolchain: Toolchain | undefined,
  project: Project,
): Promise<Build> {
  const target = targets[inputs.target]
  const architecture = inputs.arch ?? context.host.architecture
  const mark = createHash('sha256').update(`${project.directory}\0${inputs.configureArgs.join('\0')}`).digest('hex').slice(0, 8)
  const own = `${target.name}-${architecture}-${mark}`
  const make = async (where: Context, what: Project): Promise<Build> => {
    const made = await buildProject(where, inputs, toolchain, what)
    if (!inputs.strip) return made
    const images = await stripImages(where, made.images, target, architecture, join(where.host.folders.state, 'stripped', own))
    context.log.fact('stripped', images.map(({ name, sha256 }) => `${name}  sha256 ${sha256.slice(0, 16)}…`).join(', '))
    return { ...made, images }
  }
  if (inputs.reproducible && toolchain !== undefined) {
    const unpinned = unpinnedSources(toolchain.spec)
    if (unpinned.length > 0) context.log.warning(`may be built of other packages tomorrow, being at no commit: ${unpinned.join(', ')}`)
  }
  const kept = join(artifactsFolder(context), `reproducible-${own}`)
  const build = inputs.reproducible ? await buildTwice(context, project, kept, make) : await make(context, project)
  if (inputs.expectedSha256 !== undefined) {
    for (const line of await checkExpected(build.images, inputs.expectedSha256, project.directory)) context.log.fact('as expected', line)
  }
  return build
}

/** What writes dates into what it makes takes the last commit's, unless somebody has decided. */
async function dated(context: Context, project: Project): Promise<Context> {
  const { host } = context
  const date = host.environment['SOURCE_DATE_EPOCH'] ?? (await lastCommitDate(context, project.directory))
  return { ...context, host: { ...host, environment: { ...host.environment, SOURCE_DATE_EPOCH: date } } }
}
