import { basename, resolve } from 'node:path'
import { bootImage } from '../../boot/boot.js'
import type { BootReport } from '../../boot/report.js'
import { describeImage, targetOf } from '../../image/check.js'
import { readImage } from '../../image/recognise.js'
import { Problem } from '../../platform/problem.js'
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
function again({ target, args, memory, timeout, until, settle, expect, forbid, expectExit }: Inputs): string[] {
  const options: readonly (readonly [string, string | undefined])[] = [
    ['target', target],
    ['args', args.length === 0 ? undefined : args.map((word) => (/[\s"]/.test(word) ? JSON.stringify(word) : word)).join(' ')],
    ['memory', String(memory)],
    ['timeout', String(timeout)],
    ['until', until],
    ['settle', String(settle)],
    ['expect', expect.length === 0 ? undefined : expect.map(({ source }) => source).join('\n')],
    ['forbid', forbid.length === 0 ? undefined : forbid.map(({ source }) => source).join('\n')],
    ['expect-exit', expectExit === undefined ? undefined : String(expectExit)],
  ]
  const given = options.filter((option): option is readonly [string, string] => option[1] !== undefined)
  return given.flatMap(([name, value]) => [`--${name}`, value])
}
