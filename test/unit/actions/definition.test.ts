import { describe, expect, it } from "vitest";
import { deprecated, deprecations, input, parseInputs, mistypedInputs } from "../../../src/actions/definition.js";
import { flag, oneOf, optional, text } from "../../../src/actions/parsers.js";

const definitions = {
  "build-system": input("How it is built.", "auto", oneOf("auto", "dune")),
  image: input("The image.", "", optional(text)),
  "self-test": deprecated(input("Only asks for its help.", "false", flag), "give `check: help`"),
};
const from = (given: Readonly<Record<string, string>>) => (name: string) => given[name];

describe("inputs", () => {
  it("are parsed once into a frozen object, under camel-case names", () => {
    const parsed = parseInputs(definitions, from({ "build-system": " dune\n" }));
    expect(parsed).toEqual({ buildSystem: "dune", image: undefined, selfTest: false });
    expect(Object.isFrozen(parsed)).toBe(true);
  });

  it("that are empty get their defaults", () => {
    expect(parseInputs(definitions, from({ "build-system": "", "self-test": " " }))).toEqual(
      parseInputs(definitions, () => undefined),
    );
  });

  it("that are invalid are refused by name", () => {
    expect(() => parseInputs(definitions, from({ "build-system": "make" }))).toThrow(
      'input build-system: "make" is not accepted',
    );
  });
});

describe("a deprecated input", () => {
  it("works, and the log names its replacement", () => {
    const read = from({ "self-test": "true" });
    expect(parseInputs(definitions, read).selfTest).toBe(true);
    expect(deprecations(definitions, read)).toEqual([
      "input self-test is deprecated and will be removed in the next major version: give `check: help`",
    ]);
  });

  it("causes no warning if it is unset or a runner passes its default", () => {
    expect(deprecations(definitions, from({ "self-test": "false", image: "a" }))).toEqual([]);
    expect(deprecations(definitions, () => undefined)).toEqual([]);
  });

  it("is marked as deprecated in the tables", () => {
    expect(definitions["self-test"].description).toBe(
      "Deprecated, removed in the next major version: give `check: help`. Only asks for its help.",
    );
  });
});

it.each([
  [{ INPUT_TARGT: "spt" }, ["there is no input targt, so it is not used; did you mean target?"]],
  [{ "INPUT_CONFIG-FLE": "" }, ["there is no input config-fle, so it is not used; did you mean config-file?"]],
  [{ INPUT_TARGET: "spt", "INPUT_CONFIG-FILE": "", INPUT_WHATEVER: "1", PATH: "/bin" }, []],
])("a mistyped input is named with the right one: %j", (environment, sentences) => {
  expect(mistypedInputs(["target", "config-file"], environment)).toEqual(sentences);
});
