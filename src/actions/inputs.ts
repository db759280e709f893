import { type TargetName, defaultTarget } from "../target/target.js";
import { type ReadInput, parseInputs } from "./definition.js";
import { type InputName, type Inputs, inputs } from "./interface.js";

/** The inputs of the parts, as {@link parseInputs}. */
export const readInputs = (read: ReadInput<InputName>): Inputs => parseInputs(inputs, read);

/** The inputs of a part that makes something: what nobody named is made for {@link defaultTarget}. */
export function withTarget(given: Inputs): Inputs & { readonly target: TargetName } {
  return { ...given, target: given.target ?? defaultTarget };
}
