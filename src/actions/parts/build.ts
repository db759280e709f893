import { buildProject } from '../../project/build.js'
import { detectProject } from '../../project/detect.js'
import { readToolchain, saveRecord } from '../../report/records.js'
import { targets } from '../../target/target.js'
import { withTarget } from '../inputs.js'
import type { PartFunction } from '../main.js'

/** Builds the project and says where its images are. */
export const build: PartFunction = async (context, given, runner) => {
  const inputs = withTarget(given)
  const architecture = inputs.arch ?? context.host.architecture
  const project = await detectProject(context.host.folders.workspace, inputs)
  const toolchain = await readToolchain(context, targets[inputs.target].backend, architecture)
  const result = await context.log.group('Build', () => buildProject(context, inputs, toolchain?.toolchain, project))
  const record = { target: inputs.target, architecture, build: result, ...(toolchain === undefined ? {} : { toolchain }) }
  for (const { path } of result.images) await saveRecord(context, path, 'build', record)
  const [image] = result.images
  runner.setOutput('image', image.path)
  runner.setOutput('images', JSON.stringify(result.images.map(({ path }) => path)))
  runner.setOutput('sha256', image.sha256)
  return true
}
