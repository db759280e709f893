import { verdicts } from "../boot/judge/verdict.js";
import { InputError } from "../platform/problem.js";
import { buildSystems } from "../project/project.js";
import { type Architecture, architectureOf, architectureWords } from "../targets/architecture.js";
import { defaultTarget, targetNames, type TargetName } from "../targets/targets.js";
import { lockChoices } from "../toolchain/toolchain.js";
import { toolchainOptions } from "../toolchain/opam/options.js";
import {
  type InputDefinition,
  type OutputDefinition,
  type Parsed,
  camelCase,
  input as definition,
  type ReadInput,
  parseInputs,
} from "./definition.js";
import {
  type Parser,
  blocks,
  flag,
  integer,
  lines,
  networks,
  oneOf,
  optional,
  overlays,
  patterns,
  probes,
  text,
  typed,
  version,
  words,
} from "./parsers.js";

/** The parts of a run; each is also an action and a command of the command line. */
export const parts = ["setup", "build", "boot", "publish"] as const;
export type Part = (typeof parts)[number];

/** An input and the parts that take it. */
interface PartInput<Value> extends InputDefinition<Value>, Marks {
  readonly parts: readonly Part[];
}

/** Uses of an input besides the parts. */
interface Marks {
  /** A scenario may set it: it decides how the image is booted, or what is expected of it. */
  readonly scenario?: true;
  /** The command that repeats a boot by hand needs it, as it needs each input of a scenario. */
  readonly repeat?: true;
  /** `explain` takes it: the verdict depends on it. */
  readonly explain?: true;
  /** `matrix` takes it: it decides versions, so `setup` must get the same value. */
  readonly matrix?: true;
}

const input = <Value, const Own extends Marks = object>(
  parts: readonly Part[],
  description: string,
  defaultText: string,
  parse: Parser<Value>,
  marks?: Own,
): PartInput<Value> & NoInfer<Own> =>
  ({ ...definition(description, defaultText, parse), parts, ...marks }) as PartInput<Value> & Own;

const architecture = typed(architectureWords, (word): Architecture => {
  const found = architectureOf(word);
  if (found === undefined) throw new InputError(word, architectureWords.join(", "), architectureWords);
  return found;
});

/**
 * Every input, once. The action.yml of the root and of each part, the options of the command line, the table in
 * docs/inputs.md and the frozen object that the code reads all come from this table.
 */
export const inputs = {
  // What is built
  target: input(
    ["setup", "build", "boot", "publish"],
    `Target to build for: ${targetNames.join(", ")}. Default: ${defaultTarget}; boot and publish take the image’s.`,
    "",
    optional(oneOf(...targetNames)),
    { repeat: true, explain: true },
  ),
  arch: input(
    ["setup", "build", "boot", "publish"],
    "Architecture to build for: x86_64 or aarch64 (amd64 and arm64 work too). Default: the host’s; boot and " +
      "publish take the image’s.",
    "",
    optional(architecture),
    { repeat: true, explain: true },
  ),
  directory: input(["setup", "build", "publish"], "Project folder, relative to the workspace.", ".", text, {
    matrix: true,
  }),
  "config-file": input(
    ["setup", "build"],
    "mirage’s configuration file, relative to `directory`. Default: `config.ml`.",
    "",
    optional(text),
    { matrix: true },
  ),
  "build-system": input(
    ["setup", "build"],
    `How to build the project: auto, ${buildSystems.slice(0, -1).join(", ")} or ${buildSystems.at(-1)}. auto ` +
      `detects it from \`directory\`.`,
    "auto",
    oneOf("auto", ...buildSystems),
    { matrix: true },
  ),
  "configure-args": input(
    ["build", "publish"],
    "Extra arguments for `mirage configure`, quoted as in a shell (nothing is expanded). Hooks and " +
      "`build-command` find them in CONFIGURE_ARGS. They become part of the artifact’s name.",
    "",
    words,
  ),
  lock: input(
    ["setup", "build"],
    "mirage’s lock file (`mirage/NAME-TARGET.opam.locked`). auto: take versions and packages from the committed " +
      "one if it fits, otherwise generate one and add it to the artifact. require: fail if it is missing or " +
      "stale. ignore: always generate one. Other build systems: a committed `NAME.opam.locked` of `opam lock` " +
      "decides the versions of the toolchain, with the same choices, but not the build’s other packages.",
    "auto",
    oneOf(...lockChoices),
    { matrix: true },
  ),
  "extra-repos": input(
    ["build"],
    "Overlay repositories for `mirage configure --extra-repos`, one `name: url` per line, or `none`. Default: " +
      "mirage’s own.",
    "",
    optional(lines),
  ),
  "duniverse-overlay": input(
    ["build"],
    "Local sources that replace pulled ones, one `name=path` per line: a folder of duniverse or a package in " +
      "one, and a path relative to `directory`.",
    "",
    overlays,
  ),
  "pre-configure": input(
    ["build"],
    "Shell command to run before the first build step, in `directory`, with the toolchain’s environment and " +
      "TARGET, ARCH and CONFIGURE_ARGS set (and OUT, as for `build-command`, if opam or a command builds).",
    "",
    optional(text),
  ),
  "post-pull": input(
    ["build"],
    "Shell command to run after mirage has pulled the sources and `duniverse-overlay` is applied, before the " +
      "build; environment as for `pre-configure`.",
    "",
    optional(text),
  ),
  "post-build": input(
    ["build"],
    "Shell command to run after the last build step, before the images are collected; environment as for " +
      "`pre-configure`.",
    "",
    optional(text),
  ),
  "build-command": input(
    ["setup", "build"],
    "Shell command that builds the image (build system `command`). It runs in `directory` with TARGET, ARCH and " +
      "CONFIGURE_ARGS set, and puts the image into the folder OUT.",
    "",
    optional(text),
  ),
  image: input(
    ["build", "boot", "publish"],
    "The image. For build: a glob relative to `directory`, if the image is not where the build system usually " +
      "puts it; dune then builds a single file below `_build/CONTEXT/` alone. For boot and publish: its path, or " +
      "several, one per line or as the JSON list of the output `images`.",
    "",
    optional(text),
  ),
  strip: input(
    ["build"],
    "Move symbols and debug information out of the image into IMAGE.debug. false: leave the image as built.",
    "false",
    flag,
  ),
  reproducible: input(
    ["build"],
    "Build twice, each time from a clean copy at a fixed path, and fail if the images differ.",
    "false",
    flag,
  ),
  "expected-sha256": input(
    ["build"],
    "Expected SHA-256 of the image, or the path (relative to `directory`) of a file in sha256sum’s format.",
    "",
    optional(text),
  ),

  // The toolchain
  "ocaml-version": input(
    ["setup"],
    "OCaml version: exact, a range such as 5.4.x, or a prerelease such as 5.6.0~beta1. Default: the newest that the " +
      "backend and the project support. none: install no toolchain; the build brings its own.",
    "",
    optional(version("none")),
    { matrix: true },
  ),
  "mirage-version": input(
    ["setup"],
    "Version of the mirage tool: exact, none, or auto: the newest that config.ml (`(* mirage >= A & < B *)`) and the " +
      "project’s opam files allow.",
    "auto",
    version("auto", "none"),
    { matrix: true },
  ),
  "solo5-version": input(
    ["setup"],
    "Version of solo5. Default: chosen from the version table.",
    "",
    optional(version()),
    {
      matrix: true,
    },
  ),
  "ocaml-solo5-version": input(
    ["setup"],
    "Version of ocaml-solo5. Default: chosen from the version table.",
    "",
    optional(version()),
    { matrix: true },
  ),
  "ocaml-unikraft-version": input(
    ["setup"],
    "Version of ocaml-unikraft. Default: chosen from the version table.",
    "",
    optional(version()),
    { matrix: true },
  ),
  "opam-repositories": input(
    ["setup"],
    "opam repositories, one `name: url` per line; the first takes precedence. A URL can pin a commit " +
      "(`git+https://…#commit`) or point to local files (`file://`).",
    "default: https://opam.ocaml.org",
    lines,
  ),
  "opam-packages": input(
    ["setup"],
    "Extra opam packages to install in the toolchain’s switch, separated by whitespace.",
    "",
    words,
  ),
  "toolchain-options": input(
    ["setup"],
    `Build options of the toolchain, separated by whitespace: ${Object.keys(toolchainOptions).join(", ")}; the ` +
      "last two need Unikraft.",
    "",
    words,
  ),
  "c-flags": input(
    ["setup"],
    "Extra options for the C compiler that builds the toolchain (`CFLAGS` of its packages), such as -O3.",
    "",
    words,
  ),
  "opam-pins": input(["setup"], "opam pins, one `package[.version] url` per line.", "", lines),
  cache: input(
    ["setup", "build", "boot"],
    "Use the actions cache for toolchains, build caches and helper VMs: auto (off for tags, releases and " +
      "untrusted events), true, false, read-only.",
    "auto",
    oneOf("auto", "true", "false", "read-only"),
  ),
  mirror: input(
    ["setup", "boot"],
    "URL of a folder (`https://…`, `file:///…`) with toolchain archives and their `toolchains.json`, or helper " +
      "VMs and their `carriers.json`; tried before the cache. Default: only the archives that this action " +
      "publishes.",
    "",
    optional(text),
  ),
  slim: input(
    ["setup"],
    "Remove from the toolchain what no unikernel build uses: sources, annotations, documentation, debug " +
      "information. false: keep everything.",
    "true",
    flag,
  ),
  "install-system-packages": input(
    ["setup", "build", "boot"],
    "Install missing system packages with apt (in build: through opam, for the project’s own dependencies). " +
      "false: list them and stop.",
    "true",
    flag,
  ),

  // The boot
  boot: input(
    ["boot"],
    "auto: boot if this machine can, otherwise skip. required: fail instead of skipping. skip: do not boot.",
    "auto",
    oneOf("auto", "required", "skip"),
    { repeat: true },
  ),
  accelerator: input(
    ["boot"],
    "auto: KVM if it works, otherwise emulation. kvm: never fall back. tcg: never use KVM. spt and unix images " +
      "of the host’s architecture need neither.",
    "auto",
    oneOf("auto", "kvm", "tcg"),
    { scenario: true, explain: true },
  ),
  args: input(["boot"], "The unikernel’s arguments, quoted as in a shell.", "", words, { scenario: true }),
  memory: input(["boot"], "Guest memory, in MiB.", "64", integer(1, 1_048_576, "MiB"), { scenario: true }),
  timeout: input(
    ["boot"],
    "Seconds after which a boot without a verdict fails; tripled under emulation.",
    "60",
    integer(1, 86_400, "seconds"),
    { scenario: true },
  ),
  until: input(
    ["boot"],
    "What counts as success: exit (a clean exit; not for Unikraft, which does not report every end), running (still " +
      "alive `settle` seconds after its own first output), " +
      "expect (all expected lines and answers, then `settle`). auto: expect if anything is expected, " +
      "otherwise exit or running, whichever comes first.",
    "auto",
    oneOf("auto", "exit", "running", "expect"),
    { scenario: true, explain: true },
  ),
  settle: input(
    ["boot"],
    "Seconds to keep watching the guest after the first sign of success, so that a crash right after it fails; " +
      "tripled in a helper VM.",
    "3",
    integer(0, 3_600, "seconds"),
    { scenario: true },
  ),
  expect: input(["boot"], "Regular expressions, one per line; each must match a line of the console.", "", patterns, {
    scenario: true,
    explain: true,
  }),
  forbid: input(
    ["boot"],
    "Regular expressions, one per line; no line of the console may match any of them.",
    "",
    patterns,
    {
      scenario: true,
      explain: true,
    },
  ),
  "expect-exit": input(
    ["boot"],
    "Exit status that the unikernel must end with. Default: 0 if the boot waits for its exit.",
    "",
    optional(integer(0, 255)),
    { scenario: true, explain: true },
  ),
  probe: input(
    ["boot"],
    "Network probes, one per line; each must be answered: `tcp://:8080`, `http://:8080/path status=200 " +
      "body=/regex/`, `https://:443/ insecure`, `udp-dns://:53 name=example.org type=A`, `ping`.",
    "",
    probes,
    { scenario: true },
  ),
  check: input(
    ["boot"],
    "boot: boot the image as the other inputs say. help: only ask a mirage unikernel for its `--help`, if it " +
      "cannot run here without its secrets.",
    "boot",
    oneOf("boot", "help"),
    { scenario: true },
  ),
  net: input(
    ["boot"],
    "Network devices. auto: those that the image declares, on a tap if root or sudo allows, otherwise QEMU’s " +
      "user networking. tap, user: only that kind. none: no devices. Or one device per line: `name: [tap|user] " +
      "[host=10.0.0.1/24] [guest=10.0.0.2] [mac=…] [outside]`.",
    "auto",
    networks,
    { scenario: true },
  ),
  block: input(
    ["boot"],
    "Block devices, one per line: `name: path[, size=4MiB][, ro]`, or `name: scratch, size=4MiB`. Devices that " +
      "the image declares and no line names get an empty scratch disk.",
    "",
    blocks,
    { scenario: true },
  ),
  repeat: input(
    ["boot"],
    "How many times to boot, from 1 to 100. Some boots that pass and some that fail are a failure of its own, " +
      "`flaky`. 44 boots find a fault of one boot in ten with a probability of 99 %.",
    "1",
    integer(1, 100),
    { scenario: true },
  ),
  scenarios: input(
    ["boot"],
    "Several boots of each image: a YAML list, or the path of a file with one. Each scenario has a `name` and " +
      "any of the boot inputs; unset ones keep the values of the step. `image` limits it to some of the images.",
    "",
    optional(text),
  ),

  // The artifacts
  "artifact-name": input(
    ["publish"],
    "Name of the artifact. Default: unikernel, variant, target and architecture, which is unique in a matrix.",
    "",
    optional(text),
  ),
  artifact: input(["publish"], "Upload the artifact (needs github.com’s artifact service).", "true", flag),
  "retention-days": input(
    ["publish"],
    "Days to keep the artifact. 0: the repository’s setting.",
    "0",
    integer(0, 400, "days"),
  ),
} as const satisfies Readonly<Record<string, PartInput<unknown>>>;

export type InputName = keyof typeof inputs;
export const inputNames = Object.keys(inputs) as readonly InputName[];

/** The inputs with a mark. */
export type Marked<Mark extends keyof Marks> = {
  [Name in InputName]: (typeof inputs)[Name] extends Readonly<Record<Mark, true>> ? Name : never;
}[InputName];

/** The inputs with a mark, in the order of the table. */
export function inputsMarked<Mark extends keyof Marks>(mark: Mark): readonly Marked<Mark>[] {
  return inputNames.filter((name): name is Marked<Mark> => (inputs[name] as Marks)[mark] === true);
}

/** The inputs as the code reads them: parsed once, frozen. */
export type Inputs = Parsed<typeof inputs>;

/** Every output, once. */
export const outputs = {
  "toolchain-path": { part: "setup", description: "Folder of the toolchain." },
  "toolchain-key": { part: "setup", description: "Cache key of the toolchain." },
  "cache-hit": { part: "setup", description: "true unless this run built the toolchain." },
  "ocaml-version": { part: "setup", description: "Exact OCaml version." },
  image: { part: "build", description: "Path of the image (the first one, if the build made several)." },
  images: { part: "build", description: "Paths of all images, as a JSON list." },
  sha256: { part: "build", description: "SHA-256 of `image`." },
  verdict: {
    part: "boot",
    type: verdicts,
    description:
      "passed, failed or skipped; of several boots the worst, which the outputs up to `console-log` are about too.",
  },
  "verdict-reason": {
    part: "boot",
    description: "The reason, in one word: exited, ready, exception, timeout, accelerator, …",
  },
  accelerator: {
    part: "boot",
    description: "What the guest ran on: kvm, tcg or native. Empty if nothing ran.",
  },
  "boot-ms": { part: "boot", description: "Milliseconds from the guest’s start to its first output." },
  "ready-ms": {
    part: "boot",
    description:
      "Milliseconds from the guest’s start until all expected lines and answers were seen. Empty if none were " +
      "expected.",
  },
  "console-log": {
    part: "boot",
    description: "Path of the full console log (of the first failed boot, otherwise of the first).",
  },
  verdicts: {
    part: "boot",
    description:
      "The verdict on each image, as a JSON list of `{ image, verdict, reason }`, in the order of the images.",
  },
  junit: {
    part: "boot",
    description: "Path of a JUnit XML file with a test suite for each image and a test case for each scenario.",
  },
  "boot-json": { part: "boot", description: "Path of a JSON file with everything known about the boots." },
  "artifact-id": { part: "publish", description: "ID of the uploaded artifact. Empty if nothing was uploaded." },
  "artifact-url": {
    part: "publish",
    description: "URL of the uploaded artifact. Empty if nothing was uploaded.",
  },
} as const satisfies Readonly<Record<string, OutputDefinition & { readonly part: Part }>>;

/** The inputs of the parts, as {@link parseInputs}. */
export const readInputs = (read: ReadInput<InputName>): Inputs => parseInputs(inputs, read);

/** Whether an input differs from its default. */
export function isSet(name: InputName, given: Inputs): boolean {
  const { default: byDefault, parse }: InputDefinition<unknown> = inputs[name];
  return parse.write(given[camelCase(name) as keyof Inputs]) !== byDefault;
}

/** The inputs of a part that builds something: an unset target is {@link defaultTarget}. */
export function withTarget(given: Inputs): Inputs & { readonly target: TargetName } {
  return { ...given, target: given.target ?? defaultTarget };
}
