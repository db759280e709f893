import { Problem } from '../platform/problem.js'
import { InputError } from './parsers.js'
import { type TargetName, defaultTarget } from '../target/target.js'
import { type InputName, type Inputs, inputs } from './interface.js'

/**
 * Parses inputs once into a frozen object.
 *
 * @param read the text of an input: the runner's `INPUT_*`, or an option of the command line. Undefined or empty: the
 *   input's default.
 * @throws Problem that names the first input that is wrong, what it got and what it takes.
 */
export function readInputs(read: (name: InputName) => string | undefined): Inputs {
  const names = Object.keys(inputs) as InputName[]
  return Object.freeze(Object.fromEntries(names.map((name) => [camelCase(name), naming(name, () => parseInput(name, read(name)))]))) as Inputs
}

/** The inputs of a part that makes something: what nobody named is made for {@link defaultTarget}. */
export function withTarget(given: Inputs): Inputs & { readonly target: TargetName } {
  return { ...given, target: given.target ?? defaultTarget }
}

/** @throws InputError */
export function parseInput(name: InputName, given: string | undefined): unknown {
  const definition = inputs[name]
  const value = given?.trim() ?? ''
  return definition.parse(value === '' ? definition.default : value)
}

/**
 * Adds the input's name to what its parser says.
 *
 * @throws Problem
 */
export function naming<Value>(name: string, parse: () => Value): Value {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new Problem(`input ${name}: ${error.message}`, { accepted: error.accepted }, { cause: error })
  }
}

/** The name of an input as the code has it. */
export function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
