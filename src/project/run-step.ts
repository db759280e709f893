import { stripVTControlCharacters } from 'node:util'
import type { Context } from '../platform/host.js'
import { seconds } from '../platform/log.js'
import { Problem } from '../platform/problem.js'
import { lastLines, quote } from '../platform/process.js'
import { findProgram } from '../platform/programs.js'
import { putOverlay } from './mirage/overlay.js'
import type { PlannedStep, Step } from './plans/request.js'
import type { BuildStep, Project } from './project.js'

/**
 * Runs a step of a build, in the toolchain's environment.
 *
 * @throws Problem with the step's last lines and the command that does it again.
 */
export async function runStep(context: Context, project: Project, step: Step, environment: Record<string, string>): Promise<BuildStep> {
  const started = performance.now()
  if ('overlay' in step) {
    const folder = await putOverlay(project.directory, context.host.folders.workspace, step)
    const ms = Math.round(performance.now() - started)
    context.log.fact(step.name, `${step.overlay.path} is now ${folder}`)
    return { name: step.name, ms }
  }
  const recent: string[] = []
  const [name, ...args] = step.argv
  const outcome = await context.processes.run([programOf(name, environment), ...args], {
    cwd: step.cwd,
    env: { ...environment, ...step.env },
    onLine: (line) => {
      context.log.line(line)
      recent.push(line)
      if (recent.length > 400) recent.splice(0, 200)
    },
  })
  const ms = Math.round(performance.now() - started)
  if (outcome.exitCode !== 0) {
    const printed = recent.map(stripVTControlCharacters)
    const advice = step.advice?.find(({ when }) => printed.some((line) => when.test(line)))
    throw new Problem(`${step.name} failed with status ${outcome.exitCode} after ${seconds(ms)}`, {
      evidence: lastLines(printed.join('\n'), 30),
      ...(advice === undefined ? {} : { do: advice.say }),
      again: commandOf(step),
    })
  }
  context.log.fact(step.name, seconds(ms))
  return { name: step.name, ms }
}

/** Looked up on the toolchain's PATH, which is not the one of our own process. */
export function programOf(name: string, environment: Record<string, string>): string {
  const program = findProgram(name, environment['PATH'])
  if (program === undefined) {
    throw new Problem(`${name} is not on PATH`, {
      do: `run setup first; without it (\`ocaml-version: none\`), install ${name} in a step of your own`,
    })
  }
  return program
}

/** The step as a person types it, in the toolchain's environment. */
function commandOf(step: PlannedStep): string {
  const variables = Object.entries(step.env).map(([name, value]) => `${name}=${quote(value)}`)
  return [`cd ${quote(step.cwd)} &&`, ...variables, ...step.argv.map(quote)].join(' ')
}
