import { basename, resolve } from 'node:path'
import { bootImage } from '../../boot/boot.js'
import type { BootReport } from '../../boot/report.js'
import { describeImage, targetOf } from '../../image/check.js'
import { readImage } from '../../image/recognise.js'
import { Problem } from '../../platform/problem.js'
import { quote } from '../../platform/process.js'
import { bootFailure, verdictLine } from '../../report/boot-story.js'
import { forgetRecord, readRecord, saveRecord } from '../../report/records.js'
import { defaultTarget, targets } from '../../target/target.js'
import type { Inputs } from '../interface.js'
import type { PartFunction } from '../main.js'

/** Boots the image, judges it, and fails when the verdict does. */
export const boot: PartFunction = async (context, inputs, runner) => {
  const { log, host } = context
  if (inputs.image === undefined) {
    throw new Problem('input image is empty', { do: 'give the path of the image, such as the output `image` of build' })
  }
  const imagePath = resolve(host.folders.workspace, inputs.image)
  await forgetRecord(context, imagePath, 'boot')
  // What is said when the boot cannot even be tried; a verdict replaces it.
  runner.setOutput('verdict', 'failed')
  const report = await log.group('Boot', async () => {
    const image = await readImage(imagePath)
    log.fact('image', describeImage(image))
    const record = await readRecord(context, imagePath, 'build')
    const target = targets[inputs.target ?? record?.target ?? targetOf(image) ?? defaultTarget]
    const architecture = inputs.arch ?? record?.architecture ?? image.architecture
    const tools = record?.toolchain?.toolchain.environment.path ?? []
    const searchPath = [...tools, host.environment['PATH'] ?? ''].join(':')
    const booted = await bootImage(context, { ...inputs, imagePath, image, target, architecture, searchPath })
    if (booted.consoleLog !== undefined) {
      log.fact('console', booted.consoleLog)
      log.untrusted(booted.consoleEnd)
    }
    log.line(`  ${verdictLine(booted)}`)
    return booted
  })
  await saveRecord(context, imagePath, 'boot', report)
  setOutputs(report, (name, value) => runner.setOutput(name, value))
  if (report.verdict.verdict === 'skipped' && report.verdict.reason !== 'not-asked') {
    const remedy = report.verdict.remedy === undefined ? '' : `; ${report.verdict.remedy}`
    log.warning(`${basename(imagePath)} was not booted: ${report.verdict.summary}${remedy}`)
  }
  if (report.verdict.verdict !== 'failed') return true
  log.error(bootFailure(report, again(inputs)).toString())
  return false
}

function setOutputs({ verdict, attempts, consoleLog }: BootReport, set: (name: string, value: string) => void): void {
  set('verdict', verdict.verdict)
  set('verdict-reason', verdict.reason)
  set('accelerator', verdict.verdict === 'skipped' ? '' : (attempts.at(-1)?.accelerator ?? ''))
  set('boot-ms', verdict.bootMs === undefined ? '' : String(verdict.bootMs))
  set('console-log', consoleLog ?? '')
}

/** The options that make a boot by hand the same boot. */
function again(inputs: Inputs): string[] {
  const { arch, args, boot, accelerator, expect, expectExit, forbid, memory, settle, target, timeout, until } = inputs
  const sources = (patterns: readonly RegExp[]) => patterns.map(({ source }) => source).join('\n')
  const options = { target, arch, args: args.map(quote).join(' '), boot, accelerator, memory, timeout, until, settle }
  const all = { ...options, expect: sources(expect), forbid: sources(forbid), 'expect-exit': expectExit }
  return Object.entries(all).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [`--${name}`, String(value)]))
}
