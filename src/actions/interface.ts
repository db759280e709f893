import { verdicts } from "../boot/judge/verdict.js";
import { InputError } from "../platform/problem.js";
import { buildSystems } from "../project/project.js";
import { type Architecture, architectureOf, architectureWords } from "../targets/architecture.js";
import { defaultTarget, targetNames, type TargetName } from "../targets/targets.js";
import { lockChoices } from "../toolchain/lock.js";
import { toolchainOptions } from "../toolchain/opam/options.js";
import {
  type InputDefinition,
  type OutputDefinition,
  type Parsed,
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
  words,
} from "./parsers.js";
/** The parts a run is made of; each is an action of its own and a command of the command line. */
export const parts = ["setup", "build", "boot", "publish"] as const;
export type Part = (typeof parts)[number];

/** An input, with the parts that take it. */
interface PartInput<Value> extends InputDefinition<Value>, Marks {
  readonly parts: readonly Part[];
}

/** What beside the parts takes an input. */
interface Marks {
  /** A scenario may have it: it says how an image is booted, or what is expected of it. */
  readonly scenario?: true;
  /** It makes a boot by hand the same boot; so does each of a scenario. */
  readonly repeat?: true;
  /** `explain` judges by it. */
  readonly explain?: true;
  /** `matrix` takes it, as it decides versions: it is to be given to `setup` alike. */
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
  if (found === undefined) throw new InputError(word, architectureWords.join(", "));
  return found;
});

/**
 * Every input, once: action.yml of the root and of each part, the command line's options, the table in docs/inputs.md and the
 * frozen object that the code reads are all made from this.
 */
export const inputs = {
  // What is built
  target: input(
    ["setup", "build", "boot", "publish"],
    `What the unikernel is built for: ${targetNames.join(", ")}. Empty: ${defaultTarget}; for boot and publish, what the image is.`,
    "",
    optional(oneOf(...targetNames)),
    { repeat: true, explain: true },
  ),
  arch: input(
    ["setup", "build", "boot", "publish"],
    "Architecture of the unikernel: x86_64 or aarch64 (amd64 and arm64 are understood). Empty: the host’s; for boot and publish, the image’s.",
    "",
    optional(architecture),
    { repeat: true, explain: true },
  ),
  directory: input(["setup", "build", "publish"], "Folder of the project, relative to the workspace.", ".", text, {
    matrix: true,
  }),
  "config-file": input(
    ["setup", "build"],
    "mirage’s configuration file, relative to `directory`. Empty: `config.ml`.",
    "",
    optional(text),
    { matrix: true },
  ),
  "build-system": input(
    ["setup", "build"],
    `How the project is built: auto, ${buildSystems.slice(0, -1).join(", ")} or ${buildSystems.at(-1)}. \`auto\` looks into \`directory\`.`,
    "auto",
    oneOf("auto", ...buildSystems),
    { matrix: true },
  ),
  "configure-args": input(
    ["build", "publish"],
    "More arguments for `mirage configure`, as on a command line (quotes are understood, nothing is expanded). Commands of yours find them in CONFIGURE_ARGS. They are part of the artifact’s name.",
    "",
    words,
  ),
  lock: input(
    ["setup", "build"],
    "mirage’s lock file (`mirage/NAME-TARGET.opam.locked`). auto: a committed one decides versions and packages where it fits; else one is made, and goes into the artifact. require: fails when it is missing or stale. ignore: always made.",
    "auto",
    oneOf(...lockChoices),
    { matrix: true },
  ),
  "extra-repos": input(
    ["build"],
    "Overlay repositories for `mirage configure --extra-repos`, one `name: url` a line, or `none`. Empty: what mirage has by itself.",
    "",
    optional(lines),
  ),
  "duniverse-overlay": input(
    ["build"],
    "Sources of your own over pulled ones, one `name=path` a line: a folder of duniverse, or a package in one, and a path relative to `directory`.",
    "",
    overlays,
  ),
  "pre-configure": input(
    ["build"],
    "Shell command before the build’s first step, run in `directory` with the toolchain’s environment and TARGET, ARCH and CONFIGURE_ARGS set (and OUT, as in `build-command`, where opam or a command builds).",
    "",
    optional(text),
  ),
  "post-pull": input(
    ["build"],
    "The same, for mirage, between pulling the sources (and `duniverse-overlay`) and building.",
    "",
    optional(text),
  ),
  "post-build": input(
    ["build"],
    "The same, after the build’s last step and before its images are collected.",
    "",
    optional(text),
  ),
  "build-command": input(
    ["setup", "build"],
    "Shell command that builds the image (build system `command`), run in `directory` with TARGET, ARCH and CONFIGURE_ARGS set; it leaves the image in the folder OUT.",
    "",
    optional(text),
  ),
  image: input(
    ["build", "boot", "publish"],
    "The image. For build: a glob relative to `directory`, when it is not where the build system puts it. For boot and publish: its path.",
    "",
    optional(text),
  ),
  strip: input(
    ["build"],
    "Take symbols and debug information off the image; they stay beside it, as IMAGE.debug. false: the image as the build system made it.",
    "false",
    flag,
  ),
  reproducible: input(
    ["build"],
    "Build twice, each time from a clean copy at the same path on every machine, and fail when the images differ.",
    "false",
    flag,
  ),
  "expected-sha256": input(
    ["build"],
    "What the image must be: a SHA-256, or the path (relative to `directory`) of a file as sha256sum writes it.",
    "",
    optional(text),
  ),

  // The toolchain
  "ocaml-version": input(
    ["setup"],
    "OCaml version, exact or a range such as 5.4.x or 4.14.x. Empty: the newest that the backend and the project support. `none`: no toolchain, the build brings its own.",
    "",
    optional(text),
    { matrix: true },
  ),
  "mirage-version": input(
    ["setup"],
    "Version of the mirage tool: `auto` reads `(* mirage >= A & < B *)` in config.ml, an exact version, or none.",
    "auto",
    text,
    { matrix: true },
  ),
  "solo5-version": input(["setup"], "Version of solo5. Empty: decided by the version table.", "", optional(text), {
    matrix: true,
  }),
  "ocaml-solo5-version": input(
    ["setup"],
    "Version of ocaml-solo5. Empty: decided by the version table.",
    "",
    optional(text),
    { matrix: true },
  ),
  "ocaml-unikraft-version": input(
    ["setup"],
    "Version of ocaml-unikraft. Empty: decided by the version table.",
    "",
    optional(text),
    { matrix: true },
  ),
  "opam-repositories": input(
    ["setup"],
    "opam repositories, one `name: url` a line, the first one wins. An url may pin a commit (`git+https://…#commit`); `file://` works.",
    "default: https://opam.ocaml.org",
    lines,
  ),
  "opam-packages": input(["setup"], "More opam packages for the toolchain’s switch, separated by blanks.", "", words),
  "toolchain-options": input(
    ["setup"],
    `What the toolchain is built with, separated by blanks: ${Object.keys(toolchainOptions).join(", ")}; the last two are Unikraft’s.`,
    "",
    words,
  ),
  "c-flags": input(
    ["setup"],
    "More options for the C compiler that builds the toolchain (`CFLAGS` of its packages), such as -O3.",
    "",
    words,
  ),
  "opam-pins": input(["setup"], "opam pins, one `package[.version] url` a line.", "", lines),
  cache: input(
    ["setup", "build", "boot"],
    "Whether toolchains, what builds can use again and the helper VMs of boots are kept in the actions cache: auto (not for tag, release and untrusted events), true, false, read-only.",
    "auto",
    oneOf("auto", "true", "false", "read-only"),
  ),
  mirror: input(
    ["setup", "boot"],
    "Address of a folder (`https://…`, `file:///…`) with archives of toolchains and their `toolchains.json`, or of the helper VMs of boots and their `carriers.json`, asked before the cache. Empty: only what this action publishes.",
    "",
    optional(text),
  ),
  slim: input(
    ["setup"],
    "Leave out of the toolchain what no build of a unikernel uses: sources, annotations, documentation, debug information. false keeps all of it.",
    "true",
    flag,
  ),
  "install-system-packages": input(
    ["setup", "build", "boot"],
    "Install the system packages that are missing, with apt (in build: by opam, for the project’s own dependencies). false: say which, and stop.",
    "true",
    flag,
  ),

  // The boot
  boot: input(
    ["boot"],
    "auto boots where this machine can and skips where it cannot; required fails where auto would skip; skip does not boot.",
    "auto",
    oneOf("auto", "required", "skip"),
    { repeat: true },
  ),
  accelerator: input(
    ["boot"],
    "auto: KVM where it works, else emulation. kvm never falls back. tcg never uses KVM. spt and unix of this architecture need neither.",
    "auto",
    oneOf("auto", "kvm", "tcg"),
    { scenario: true, explain: true },
  ),
  args: input(["boot"], "The unikernel’s arguments, as on a command line.", "", words, { scenario: true }),
  memory: input(["boot"], "Memory of the guest, in MiB.", "64", integer(1, 1_048_576), { scenario: true }),
  timeout: input(
    ["boot"],
    "Seconds after which a boot without a verdict has failed; three times as many under emulation.",
    "60",
    integer(1, 86_400),
    { scenario: true },
  ),
  until: input(
    ["boot"],
    "What success is: exit (a clean end), running (alive with output of its own `settle` seconds later), expect (the expected lines, then `settle`). auto: expect when there are expectations, else exit or running, whichever comes first.",
    "auto",
    oneOf("auto", "exit", "running", "expect"),
    { scenario: true, explain: true },
  ),
  settle: input(
    ["boot"],
    "Seconds that the guest is watched after the first good sign, so that a crash right after it fails; three times as many in a helper VM.",
    "3",
    integer(0, 3_600),
    { scenario: true },
  ),
  expect: input(["boot"], "Regular expressions, one a line: each must match a line of the console.", "", patterns, {
    scenario: true,
    explain: true,
  }),
  forbid: input(["boot"], "Regular expressions, one a line: none may match a line of the console.", "", patterns, {
    scenario: true,
    explain: true,
  }),
  "expect-exit": input(
    ["boot"],
    "The exit status that the unikernel must end with. Empty: 0 where an end is awaited.",
    "",
    optional(integer(0, 255)),
    { scenario: true, explain: true },
  ),
  probe: input(
    ["boot"],
    "Questions over the network, one a line, each must be answered: `tcp://:8080`, `http://:8080/path status=200 body=/regex/`, `https://:443/ insecure`, `udp-dns://:53 name=example.org type=A`, `ping`.",
    "",
    probes,
    { scenario: true },
  ),
  check: input(
    ["boot"],
    "boot: boots it as the other inputs say. help: only asks a mirage unikernel for its `--help`, for one that cannot run here for want of its secrets.",
    "boot",
    oneOf("boot", "help"),
    { scenario: true },
  ),
  net: input(
    ["boot"],
    "Network devices. auto: those that the image asks for, on a tap where root or sudo allows, else QEMU’s user networking. tap, user: only that. none: no device. Or one device a line: `name: [tap|user] [host=10.0.0.1/24] [guest=10.0.0.2] [mac=…] [outside]`.",
    "auto",
    networks,
    { scenario: true },
  ),
  block: input(
    ["boot"],
    "Block devices, one a line: `name: path[, size=4MiB][, ro]`, or `name: scratch, size=4MiB`. A device that the image asks for and that is not named here gets an empty scratch disk.",
    "",
    blocks,
    { scenario: true },
  ),
  scenarios: input(
    ["boot"],
    "Several boots of the image: a YAML list, or the path of a file with one. Each has a `name` and any of the inputs of the boot; what it leaves out is as in the inputs.",
    "",
    optional(text),
  ),

  // The artifacts
  "artifact-name": input(
    ["publish"],
    "Name of the artifact. Empty: unikernel, variant, target and architecture, so that no other matrix leg has it.",
    "",
    optional(text),
  ),
  artifact: input(["publish"], "Upload the artifact (needs github.com’s artifact service).", "true", flag),
  "retention-days": input(
    ["publish"],
    "Days that the artifact is kept. 0: the repository’s setting.",
    "0",
    integer(0, 400),
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
  "cache-hit": { part: "setup", description: "true when the toolchain was not built in this run." },
  "ocaml-version": { part: "setup", description: "The exact version of OCaml." },
  image: { part: "build", description: "Path of the image (of the first one, when the build made several)." },
  images: { part: "build", description: "All images, as a JSON list of paths." },
  sha256: { part: "build", description: "SHA-256 of `image`." },
  verdict: { part: "boot", type: verdicts, description: "passed, failed or skipped." },
  "verdict-reason": {
    part: "boot",
    description: "Why, as one word: exited, ready, exception, timeout, accelerator, …",
  },
  accelerator: {
    part: "boot",
    description: "What the guest really ran on: kvm, tcg or native. Empty when nothing ran.",
  },
  "boot-ms": { part: "boot", description: "Milliseconds from the start of the guest to its first output." },
  "ready-ms": {
    part: "boot",
    description:
      "Milliseconds from the start of the guest until all expected lines were seen and all probes answered. Empty when none were asked for.",
  },
  "console-log": {
    part: "boot",
    description: "Path of the whole console (of the first failed scenario, or else the first).",
  },
  junit: { part: "boot", description: "Path of a JUnit XML file with a test case for each scenario." },
  "boot-json": { part: "boot", description: "Path of a JSON file with all that is known of the boots." },
  "artifact-id": { part: "publish", description: "Id of the uploaded artifact. Empty when nothing was uploaded." },
  "artifact-url": {
    part: "publish",
    description: "Address of the uploaded artifact. Empty when nothing was uploaded.",
  },
} as const satisfies Readonly<Record<string, OutputDefinition & { readonly part: Part }>>;

/** The inputs of the parts, as {@link parseInputs}. */
export const readInputs = (read: ReadInput<InputName>): Inputs => parseInputs(inputs, read);

/** The inputs of a part that makes something: what nobody named is made for {@link defaultTarget}. */
export function withTarget(given: Inputs): Inputs & { readonly target: TargetName } {
  return { ...given, target: given.target ?? defaultTarget };
}
