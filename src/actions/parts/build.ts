import { buildProject } from '../../project/build.js'
import { detectProject } from '../../project/detect.js'
import { readToolchain, saveRecord } from '../../report/records.js'
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
  const result = await context.log.group('Build', () => buildProject(context, inputs, toolchain?.toolchain, project))
  const buildRecord = { target: inputs.target, architecture, build: result, ...(toolchain === undefined ? {} : { toolchain }) }
  for (const { path } of result.images) await saveRecord(context, path, 'build', buildRecord)
  const [image] = result.images
  runner.setOutput('image', image.path)
  runner.setOutput('images', JSON.stringify(result.images.map(({ path }) => path)))
  runner.setOutput('sha256', image.sha256)
  return true
}
