import { split } from 'shlex'
import { type AskedDisk, type AskedNetwork, DeviceSyntaxError, parseDisks, parseNetwork } from '../boot/device-text.js'
import type { Probe } from '../boot/probe.js'
import { ProbeSyntaxError, parseProbe } from '../boot/probe-text.js'

/** Text that an input does not accept: {@link readInputs} adds the input's name. */
export class InputError extends Error {
  constructor(
    readonly got: string,
    readonly accepted: string,
  ) {
    super(`${JSON.stringify(got)} is not accepted`)
  }
}

export const text = (value: string): string => value

/** Undefined for an empty text, else what `parse` makes of it. */
export const optional =
  <Value>(parse: (text: string) => Value) =>
  (value: string): Value | undefined =>
    value === '' ? undefined : parse(value)

export const oneOf =
  <Word extends string>(...accepted: readonly Word[]) =>
  (value: string): Word => {
    const word = accepted.find((candidate) => candidate === value)
    if (word === undefined) throw new InputError(value, accepted.join(', '))
    return word
  }

/** YAML's booleans, as @actions/core's getBooleanInput takes them. */
export const flag = (value: string): boolean => {
  if (['true', 'True', 'TRUE'].includes(value)) return true
  if (['false', 'False', 'FALSE'].includes(value)) return false
  throw new InputError(value, 'true, false')
}

export const integer =
  (least: number, most: number) =>
  (value: string): number => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= least && number <= most)) throw new InputError(value, `a whole number from ${least} to ${most}`)
    return number
  }

/** One entry a line; blank lines and `#` comments on lines of their own are left out. */
export const lines = (value: string): readonly string[] =>
  value
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))

/** One regular expression a line, as it stands: a `#` and blanks mean themselves. Blank lines are left out. */
export const patterns = (value: string): readonly RegExp[] =>
  value
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map(pattern)

const pattern = (value: string): RegExp => {
  try {
    return new RegExp(value, 'u')
  } catch (error) {
    throw new InputError(value, `a regular expression (${error instanceof Error ? error.message : String(error)})`)
  }
}

/** Words as a POSIX shell splits them: blanks separate, quotes and backslashes keep together. Nothing is expanded. */
export const words = (value: string): readonly string[] => {
  try {
    return split(value)
  } catch {
    throw new InputError(value, 'words as a shell takes them, each quote closed')
  }
}

/** A value together with the text that it was read from. */
export interface Written<Value> {
  readonly text: string
  readonly value: Value
}

/** `net`: which network devices, and how. */
export const networks = (value: string): Written<AskedNetwork> => ({ text: value, value: accepting(() => parseNetwork(value)) })

/** `block`: one disk a line. */
export const blocks = (value: string): Written<readonly AskedDisk[]> => ({ text: value, value: accepting(() => parseDisks(value)) })

/** `probe`: one question a line; blank lines and `#` comments are left out. */
export const probes = (value: string): readonly Probe[] => accepting(() => lines(value).map(parseProbe))

function accepting<Value>(parse: () => Value): Value {
  try {
    return parse()
  } catch (error) {
    if (error instanceof DeviceSyntaxError || error instanceof ProbeSyntaxError) throw new InputError(error.line, error.accepted)
    throw error
  }
}
