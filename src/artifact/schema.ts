import * as v from "valibot";
import type { Frame } from "../boot/crash/frames.js";
import { type Verdict, verdicts } from "../boot/judge/verdict.js";
import {
  type Attempt,
  type ConsoleDifference,
  type ExpectedLine,
  type ProbeReport,
  type Repeats,
  type Span,
  accelerators,
} from "../boot/report.js";
import { type Read, finite } from "../platform/shape.js";
import { type FinishedStep, type UsedPackage, buildSystems } from "../project/project.js";
import { architectures } from "../targets/architecture.js";
import { targetNames } from "../targets/targets.js";
import { type OpamPin, type OpamRepository, toolchainOrigins, toolchainSources } from "../toolchain/toolchain.js";

// The one record of an image: build begins it, boot and publish complete it, collect, release and the summary read it.
// Its types, the reader of files and docs/build-info.schema.json are derived from it. A field that was added after
// format 2 began is `v.optional(v.nullable(…), null)`: files of earlier versions lack it and can still be read.

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "a SHA-256 in hexadecimal"));
/** A file in this folder, and not the folder itself. */
const fileName = v.pipe(v.string(), v.regex(/^(?!\.*$)[^/\\]*$/, "the name of a file, without a folder"));
const bytes = v.pipe(v.number(), v.integer("a whole number"), v.minValue(0, "at least 0"));

const verdict = {
  verdict: v.picklist(verdicts),
  reason: v.pipe(v.string(), v.description("docs/verdicts.md lists them.")),
  rule: v.optional(v.pipe(v.string(), v.description("The rule that decided; absent when no guest was started."))),
  summary: v.string(),
  evidence: v.optional(v.object({ line: v.string(), atMs: finite })),
  exitStatus: v.optional(finite),
  bootMs: v.optional(v.pipe(finite, v.description("From the guest’s start to its own first output."))),
  readyMs: v.optional(v.pipe(finite, v.description("From the guest’s start until every expectation was met."))),
  atMs: v.pipe(finite, v.description("From the guest’s start to the verdict.")),
  remedy: v.optional(v.string()),
} satisfies Record<keyof Verdict, unknown>;

const attempt = {
  accelerator: v.picklist(accelerators),
  monitor: v.string(),
  inCarrier: v.boolean(),
  argv: v.pipe(v.array(v.string()), v.description("The exact command.")),
  verdict: v.object(verdict),
} satisfies Record<keyof Attempt, unknown>;

const probe = { text: v.string(), holds: v.boolean(), said: v.string(), atMs: finite } satisfies Record<
  keyof ProbeReport,
  unknown
>;
const expectedLine = { pattern: v.string(), seen: v.boolean() } satisfies Record<keyof ExpectedLine, unknown>;
const span = { startMs: finite, ms: finite } satisfies Record<keyof Span, unknown>;

const lines = v.array(v.string());
const difference = v.object({
  line: v.pipe(finite, v.description("The first line that differs, counted from 1, without empty lines.")),
  from: v.pipe(finite, v.description("Number of the first line in the lists.")),
  passed: lines,
  failed: lines,
} satisfies Record<keyof ConsoleDifference, unknown>);
const times = v.pipe(v.array(finite), v.description("Of each boot that passed with the same accelerator, in ms."));
const repeats = v.object({
  asked: v.pipe(finite, v.description("Fewer ran when all of the first ones failed.")),
  passed: finite,
  failed: finite,
  skipped: finite,
  bootMs: times,
  readyMs: times,
  difference: v.exactOptional(difference),
} satisfies Record<keyof Repeats, unknown>);

const frame = v.object({
  function: v.exactOptional(v.string()),
  source: v.exactOptional(v.object({ file: v.string(), line: finite })),
} satisfies Record<keyof Frame, unknown>);

const boot = v.object({
  scenario: v.pipe(v.nullable(v.string()), v.description("null when the image was booted without scenarios.")),
  ...verdict,
  accelerator: v.pipe(
    v.nullable(v.picklist(accelerators)),
    v.description("The accelerator of the last attempt; null when there was none."),
  ),
  attempts: v.pipe(
    v.array(v.object(attempt)),
    v.description("In order: after an attempt that KVM failed, one by emulation follows."),
  ),
  expected: v.pipe(
    v.optional(v.array(v.object(expectedLine)), []),
    v.description("The regular expressions of `expect`, and whether a line matched each."),
  ),
  probes: v.array(v.object(probe)),
  span: v.pipe(v.nullable(v.object(span)), v.description("When it ran, in milliseconds after the start of the step.")),
  crash: v.pipe(
    v.optional(v.nullable(v.array(frame)), null),
    v.description("The calls that led to a trap, an abort or an exception, the innermost first; null when not known."),
  ),
  repeats: v.pipe(v.optional(v.nullable(repeats), null), v.description("null when it was booted once.")),
  console: v.pipe(v.nullable(v.string()), v.description("Name of the file with the whole console.")),
});

export const imageRecord = v.object({
  unikernel: v.string(),
  file: v.pipe(fileName, v.description("Name of the image in the artifact.")),
  bytes,
  // promise: images-have-a-hash
  sha256,
  debugFile: v.pipe(v.nullable(fileName), v.description("Name of the unstripped image in the artifact.")),
  boots: v.pipe(v.array(boot), v.description("One for each scenario; none when the image was not booted in this job.")),
});

/** A boot as in `boot.json` and `build-info.json`. */
export type BootRecord = Read<typeof boot>;
/** An image as in `build-info.json`. */
export type ImageRecord = Read<typeof imageRecord>;

/** A boot with the fields that only its own job uses. */
export const jobBoot = v.object({
  ...boot.entries,
  /** What the image's bytes say that it is. */
  image: v.object({ format: v.string(), architecture: v.string(), system: v.looseObject({ kind: v.string() }) }),
  /** The last lines of the console. */
  consoleEnd: v.array(v.string()),
  /** Absolute path of the whole console; absent when nothing was started. */
  consoleLog: v.exactOptional(v.string()),
  /** The command that repeats it. */
  again: v.exactOptional(v.string()),
});

/** An image with the fields that only its own job uses. */
export const jobImage = v.object({
  ...imageRecord.entries,
  boots: v.array(jobBoot),
  /** Absolute. */
  path: v.string(),
  /** Absolute path of the unstripped image. */
  debugPath: v.exactOptional(v.string()),
});

export type JobBoot = Read<typeof jobBoot>;
export type JobImage = Read<typeof jobImage>;

const ms = v.pipe(finite, v.minValue(0, "at least 0"));

const step = v.object({ name: v.string(), ms } satisfies Record<keyof FinishedStep, unknown>);

export const buildFacts = v.object({
  buildSystem: v.picklist(buildSystems),
  project: v.pipe(v.string(), v.description("What was found in the project’s folder, as the log shows it.")),
  configureArgs: v.array(v.string()),
  steps: v.array(step),
  cache: v.pipe(
    v.nullable(v.string()),
    v.description("Key of the dune cache that was restored for the build; null when none was."),
  ),
});

export const usedPackage = v.object({
  name: v.string(),
  version: v.string(),
  from: v.picklist(["opam", "duniverse"]),
  use: v.picklist(["image", "tool", "unknown"]),
  source: v.nullable(v.string()),
  hashes: v.array(v.pipe(v.string(), v.description("As opam writes them: sha256=…"))),
  licenses: v.array(v.string()),
} satisfies Record<keyof UsedPackage, unknown>);

const repository = { name: v.string(), url: v.string(), content: v.exactOptional(v.string()) } satisfies Record<
  keyof OpamRepository,
  unknown
>;
const pin = { package: v.string(), url: v.string() } satisfies Record<keyof OpamPin, unknown>;

const toolchainFacts = v.object({
  key: v.string(),
  source: v.pipe(v.picklist(toolchainSources), v.description("Where it came from in this run.")),
  origin: v.pipe(
    v.picklist(toolchainOrigins),
    v.description("The `source` of the toolchain when it first came to this machine."),
  ),
  ms: v.pipe(ms, v.description("Milliseconds until it was installed and had passed its smoke test.")),
  versions: v.objectWithRest({ ocaml: v.string() }, v.string()),
  versionReasons: v.pipe(
    v.optional(v.nullable(v.record(v.string(), v.string())), null),
    v.description("Why each version was chosen, and no newer one, by the names in `versions`."),
  ),
  opamRepositories: v.array(v.object(repository)),
  opamPackages: v.pipe(v.array(v.string()), v.description("The packages that were requested.")),
  opamPins: v.array(v.object(pin)),
  cCompiler: v.string(),
});

const commit = v.string();
const changes = v.array(v.string());

/** The project’s repository before a build. */
export const sourceFacts = v.object({ commit, changes });
export type SourceFacts = Read<typeof sourceFacts>;

const hostFacts = v.object({
  architecture: v.picklist(architectures),
  system: v.pipe(v.nullable(v.string()), v.description("ID and VERSION_ID of /etc/os-release.")),
  cores: v.pipe(v.number(), v.integer("a whole number"), v.minValue(1, "at least 1")),
  commit: v.pipe(v.nullable(commit), v.description("The commit that was checked out when the build began.")),
  changes: v.pipe(
    v.optional(v.nullable(changes), null),
    v.description("Files that differed from that commit then, without what our builds had left; null when not known."),
  ),
  run: v.pipe(v.nullable(v.string()), v.description("URL of the workflow run.")),
  attempt: v.pipe(
    v.optional(v.nullable(v.pipe(v.number(), v.integer("a whole number"), v.minValue(1, "at least 1"))), null),
    v.description("Attempt of that run: 2 and more when it was run again."),
  ),
});

export const format = 2;

/** The content of `build-info.json`. An unknown value is null, never absent: a misspelt field shows. */
export const buildInfoSchema = v.pipe(
  v.object({
    schema: v.pipe(
      v.literal(format),
      v.description("Version of this format; raised when a field changes its meaning or is removed."),
    ),
    target: v.pipe(v.picklist(targetNames), v.description("As the input `target` names it.")),
    architecture: v.picklist(architectures),
    artifact: v.pipe(
      v.optional(v.nullable(fileName), null),
      v.description("Name of the artifact, without the number that a second artifact of this name gets."),
    ),
    images: v.pipe(
      v.array(imageRecord),
      v.minLength(1, "at least one"),
      v.description("The images of the build; the first one names the artifact."),
    ),
    build: v.pipe(v.nullable(buildFacts), v.description("null when the image was not built in this job.")),
    toolchain: v.pipe(v.nullable(toolchainFacts), v.description("null when the build brought its own.")),
    packages: v.pipe(
      v.nullable(v.array(usedPackage)),
      v.description("Every package that the build used; null when not known."),
    ),
    host: hostFacts,
    createdAt: v.pipe(
      v.string(),
      v.isoTimestamp("a date and time"),
      v.check((text) => !Number.isNaN(Date.parse(text)), "a date and time"),
    ),
  }),
  v.title(`build-info.json of unikernel-ci, format ${format}`),
);

export type BuildInfo = Read<typeof buildInfoSchema>;
export type ToolchainFacts = Read<typeof toolchainFacts>;
