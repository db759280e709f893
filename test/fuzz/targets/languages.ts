import fc from "fast-check";
import { expect } from "vitest";
import { parseInput } from "../../../src/actions/definition.js";
import { readInputs, type InputName, inputs } from "../../../src/actions/interface.js";
import { parseScenarios } from "../../../src/actions/scenarios.js";
import { parseDisks, parseNetwork } from "../../../src/boot/devices/device-text.js";
import { parseProbe } from "../../../src/boot/probes/probe-text.js";
import { ciJobs } from "../../../src/init/ci-scripts.js";
import { compose } from "../../../src/init/compose.js";
import { requiredArguments } from "../../../src/init/required-arguments.js";
import { findUnikernels } from "../../../src/init/unikernels.js";
import { configureWords, parseTargets } from "../../../src/matrix/list.js";
import { InputError, Problem } from "../../../src/platform/problem.js";
import { DiagnosticReader } from "../../../src/project/diagnostics.js";
import { isConfiguration, requirementsOfConfiguration } from "../../../src/project/mirage/config-ml.js";
import { readLock } from "../../../src/project/mirage/lock-file.js";
import { requirementsOfDuneProject } from "../../../src/project/dune-project.js";
import { readSExpressions } from "../../../src/project/dune-workspace.js";
import { targetNames } from "../../../src/targets/targets.js";
import { toolchainKey } from "../../../src/toolchain/key.js";
import { formulaOf } from "../../../src/toolchain/opam/dependencies.js";
import { readOpamFailure } from "../../../src/toolchain/opam/failure.js";
import { parseOpamFile, stringsOf } from "../../../src/toolchain/opam/file.js";
import { parseEnvironment } from "../../../src/toolchain/opam/output.js";
import { compareVersions } from "../../../src/targets/opam-version.js";
import { constraintsOf } from "../../../src/toolchain/requirements.js";
import { parseRepositories } from "../../../src/toolchain/spec-text.js";
import { exampleSpec } from "../../unit/toolchain/examples.js";
import { textOf } from "../inputs.js";
import { orRefused, quickly, target } from "../target.js";

const base = readInputs(() => undefined);
const names = Object.keys(inputs) as InputName[];
const probeWords = [
  "tcp://",
  "http://",
  "https://",
  "udp-dns://",
  "ping",
  ":80",
  "/",
  "status=",
  "body=/",
  "\\/",
  "[a-z]+",
  "(a+)+",
  "/i",
  "name=",
  "type=A",
  "insecure",
  " ",
  "=",
  "\n",
];
const deviceWords = [
  "service",
  "storage",
  ": ",
  "auto",
  "tap",
  "user",
  "none",
  "host=",
  "guest=",
  "mac=",
  "10.0.0.1",
  "/24",
  "52:54:00:12:34:56",
  "outside",
  "scratch",
  ", ",
  "size=",
  "4MiB",
  "ro",
  "\n",
  "#",
  " ",
];
const matrixWords = [
  ...targetNames,
  "x86_64",
  "aarch64",
  "arm64",
  "ocaml=",
  "5.4.x",
  "none",
  "variant=",
  "configure-args=",
  "runner=",
  '"',
  "'",
  "\\",
  "#",
  " ",
  "\t",
  "\n",
  "--dhcp",
];
const yamlWords = [
  "- ",
  "name",
  ": ",
  "args",
  "expect",
  "\n",
  "  ",
  '"',
  "'",
  "[",
  "]",
  "{",
  "}",
  ", ",
  "&a",
  "*a",
  "<<: ",
  "!!js ",
  "|",
  ">",
  "? ",
  "--- ",
  "...",
  "%YAML 1.2",
  "#",
  "\t",
  "__proto__",
  "help",
  "x",
  "@",
  "`",
];
const opamWords = [
  "(",
  ")",
  '"',
  "\\",
  "PATH",
  "FOO",
  " ",
  "\n",
  "[ERROR] ",
  "The compilation of ",
  "failed",
  "<><> ",
  "#=== ERROR while compiling ",
  "a.1.2",
  " ===#",
];

const fileWords = [
  "depends",
  "pin-depends",
  "x-opam-monorepo-duniverse-dirs",
  ": ",
  "url",
  " {",
  '"a.1"',
  "[[",
  "[",
  "]",
  "{",
  "}",
  "(",
  ")",
  '"',
  "ocaml",
  "solo5",
  "=",
  ">= ",
  "!= ",
  '"4.9.0"',
  "&",
  "|",
  "?vendor",
  "?monorepo",
  "build",
  "\n",
  " ",
  "#",
  "(*",
  "*)",
  "\\",
  '"""',
];
const duneWords = [
  "(",
  ")",
  '"',
  "\\",
  ";",
  "#;",
  "#|",
  "|#",
  "context",
  "default",
  "name",
  "solo5",
  "targets",
  "native",
  " ",
  "\n",
  "%{",
  "}",
  "(package (name www) (depends ",
  "(conflicts ",
  "(ocaml ",
  "(not ",
  "(and ",
  "(or ",
  "(>= 5.1)",
  ":with-test",
];
const compilerWords = [
  'File "',
  "a.ml",
  '", line',
  "s",
  " 1",
  "-3",
  ", characters ",
  "4-9",
  ":",
  "\n",
  "Error",
  ": ",
  "Warning 32 [unused-value]",
  "Alert deprecated",
  "  1 | ",
  "    ^^^",
  "Entering directory '",
  "Leaving directory '",
  "'",
  "make[1]: ",
  "a.c:",
  "1:2: error: ",
  "#=== ERROR while compiling a.1 ===#",
  "# ",
];

export const languageTargets = [
  target("probes: read, or refused as no probe", textOf(...probeWords), (text) => {
    quickly(() => orRefused(() => parseProbe(text), InputError));
  }),
  target("devices: read, or refused as none", textOf(...deviceWords), (text) => {
    quickly(() => orRefused(() => parseNetwork(text), InputError));
    quickly(() => orRefused(() => parseDisks(text), InputError));
  }),
  target(
    "inputs: each is read, or refused by its name",
    fc.tuple(fc.constantFrom(...names), textOf(...probeWords, ...deviceWords, ...matrixWords, "5", "-1", "true")),
    ([name, text]) => {
      quickly(() => orRefused(() => parseInput<unknown>(inputs[name], text), InputError));
    },
  ),
  target("matrix: every line gives jobs or says what is wrong", textOf(...matrixWords), (text) => {
    const { entries, faults } = quickly(() => parseTargets(text));
    for (const entry of entries) {
      configureWords(entry);
      expect(entry.variant ?? "none").toMatch(/^[A-Za-z0-9][\w.-]*$/);
    }
    for (const { line } of faults) expect(entries.map((entry) => entry.line)).not.toContain(line);
  }),
  target(
    "scenarios: read, or refused as a problem of their author",
    fc.oneof(
      textOf(...yamlWords),
      textOf(...yamlWords).map((text) => `- name: help\n  ${text}`),
    ),
    (text) => {
      const scenarios = quickly(() => orRefused(() => parseScenarios(text, base, "the fuzzer"), Problem)) ?? [];
      for (const { name, inputs: own } of scenarios) {
        expect(name).toMatch(/^[A-Za-z0-9][\w.-]*$/);
        expect(Object.getPrototypeOf(own)).toBe(Object.prototype);
      }
    },
  ),
  target(
    "repositories: read, or refused as a problem",
    fc.array(textOf("default", ": ", "https://opam.ocaml.org", "-", "--", " ", "=", "\n"), { maxLength: 4 }),
    (lines) => {
      for (const { name, url } of quickly(() => orRefused(() => parseRepositories(lines), Problem)) ?? []) {
        // Neither is an option or several words to opam.
        expect(`${name} ${url}`).toMatch(/^[^-\s]\S* [^-\s]\S*$/);
      }
    },
  ),
  target(
    "keys: equal specs have equal keys, and others have others",
    fc.tuple(changedSpec(), changedSpec()),
    ([one, other]) => {
      expect(toolchainKey(structuredClone(one))).toBe(toolchainKey(one));
      if (JSON.stringify(one) !== JSON.stringify(other)) expect(toolchainKey(other)).not.toBe(toolchainKey(one));
    },
  ),
  target(
    "config.ml and what opam prints",
    textOf("(* mirage ", ">= ", "< ", "4.10", " & ", " ", "*)", "\n", "Mirage", "open ", '"', "{|", "|}", ...opamWords),
    (text) => {
      quickly(() => requirementsOfConfiguration("config.ml", text));
      quickly(() => isConfiguration(text));
      quickly(() => readOpamFailure(text));
      quickly(() => orRefused(() => parseEnvironment(text), Problem));
    },
  ),
  target("opam files and locks: what makes no sense is left out", textOf(...fileWords), (text) => {
    const file = quickly(() => parseOpamFile(text));
    quickly(() => [constraintsOf([{ source: "a", formula: formulaOf(file) }], {}), stringsOf(file, "url.src")]);
    quickly(() => readLock(text));
    quickly(() => expect(Math.sign(compareVersions(text, "1.0"))).toBe(0 - Math.sign(compareVersions("1.0", text))));
  }),
  target("dune’s files: what makes no sense is left out", textOf(...duneWords), (text) => {
    quickly(() => readSExpressions(text));
    quickly(() => constraintsOf(requirementsOfDuneProject(text), {}));
  }),
  target(
    "a repository that init reads: any text is one",
    textOf(
      "cd ",
      "mirage configure -t ",
      "hvt",
      " && ",
      "for X in a b; do\n",
      "$X",
      "'",
      '"',
      "\\\n",
      "- run: ",
      ...yamlWords,
    ),
    (text) => {
      const texts: Record<string, string> = {
        ".cirrus.yml": text,
        "a/Dockerfile": text,
        "config.ml": text,
        dune: text,
      };
      const tree = { paths: Object.keys(texts).sort(), text: (path: string) => texts[path] ?? "" };
      const { chosen } = quickly(() => findUnikernels(tree, ""));
      quickly(() => compose(chosen, ciJobs(tree), [], tree));
      quickly(() => requiredArguments(text));
    },
  ),
  target("what compilers print", textOf(...compilerWords), (text) => {
    quickly(() => {
      const reader = new DiagnosticReader();
      return [...text.split("\n").flatMap((line) => reader.line(line)), ...reader.end()];
    });
  }),
];

/** Specs as inputs can make them: words without blanks. */
function changedSpec() {
  const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9.+:/_-]{0,12}$/);
  const pair = fc.tuple(word, word);
  return fc
    .tuple(
      fc.array(pair, { maxLength: 2 }),
      fc.array(word, { maxLength: 3 }),
      fc.array(pair, { maxLength: 2 }),
      fc.boolean(),
      fc.constantFrom("gcc 13.3.0", "gcc 14.2.0"),
    )
    .map(([repositories, packages, pins, slim, cCompiler]) => ({
      ...exampleSpec,
      slim,
      cCompiler,
      repositories: repositories.map(([name, url]) => ({ name, url })),
      packages,
      pins: pins.map(([name, url]) => ({ package: name, url })),
    }));
}
