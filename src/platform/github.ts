import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'

/** What a step hands to the steps after it. */
export interface Runner {
  setOutput(name: string, value: string): void
  exportVariable(name: string, value: string): void
  /** Puts a folder in front of PATH; of several calls, the last one's folder comes first. */
  addPath(folder: string): void
  appendSummary(markdown: string): Promise<void>
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The runner's own files (GITHUB_OUTPUT, GITHUB_ENV, GITHUB_PATH, GITHUB_STEP_SUMMARY). One that it has not given, as old
 * runners and imitations do, is one that nobody reads.
 *
 * Not by @actions/core: it brings an HTTP client that would be most of each bundle, and a third of the time of its start.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
 */
export function gitHubRunner(environment: Environment): Runner {
  const append = (file: string, text: string) => {
    const path = environment[file]
    if (path) appendFileSync(path, `${text}\n`)
  }
  return {
    setOutput: (name, value) => append('GITHUB_OUTPUT', delimited(name, value)),
    exportVariable: (name, value) => append('GITHUB_ENV', delimited(name, value)),
    addPath: (folder) => append('GITHUB_PATH', folder),
    appendSummary: (markdown) => {
      append('GITHUB_STEP_SUMMARY', markdown)
      return Promise.resolve()
    },
  }
}

/** Between lines that nobody can guess: a value with line feeds cannot add a line of its own. */
function delimited(name: string, value: string): string {
  const delimiter = `ghadelimiter_${randomUUID()}`
  return `${name}<<${delimiter}\n${value}\n${delimiter}`
}

/** What a step was given for an input of its action.yml; empty where it was given nothing. */
export function actionInput(name: string, environment: Environment = process.env): string {
  return (environment[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] ?? '').trim()
}

/** A runner that only remembers, for the command line and for tests. */
export interface CollectingRunner extends Runner {
  readonly outputs: Readonly<Record<string, string>>
  readonly variables: Readonly<Record<string, string>>
  /** In the order of PATH. */
  readonly path: readonly string[]
  readonly summaries: readonly string[]
}

/** For the command line: what a step hands on is kept, to be printed or given to the next part. */
export function collectingRunner(): CollectingRunner {
  const outputs: Record<string, string> = {}
  const variables: Record<string, string> = {}
  const path: string[] = []
  const summaries: string[] = []
  return {
    outputs,
    variables,
    path,
    summaries,
    setOutput: (name, value) => {
      outputs[name] = value
    },
    exportVariable: (name, value) => {
      variables[name] = value
    },
    addPath: (folder) => {
      path.unshift(folder)
    },
    appendSummary: (markdown) => {
      summaries.push(markdown)
      return Promise.resolve()
    },
  }
}

/** Outputs as a person reads them, one a line, aligned; those that say nothing are left out. */
export function readableOutputs(outputs: Readonly<Record<string, string>>): string[] {
  const said = Object.entries(outputs).filter(([, value]) => value !== '')
  const width = Math.max(0, ...said.map(([name]) => name.length))
  return said.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}
