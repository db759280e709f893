import { reasons, verdicts } from "../boot/judge/verdict.js";
import { type BootReport, accelerators } from "../boot/report.js";
import { boolean, listOf, number, oneOf, orAbsent, orNull, record, text } from "../platform/shape.js";
import type { Build } from "../project/project.js";
import { type Architecture, architectures } from "../target/architecture.js";
import { type TargetName, targetNames } from "../target/target.js";
import { isEnvironment, isSpec } from "../toolchain/shapes.js";
import { type Toolchain, toolchainOrigins, toolchainSources } from "../toolchain/toolchain.js";

/** What `setup` leaves for `build`. */
export interface ToolchainRecord {
  readonly toolchain: Toolchain;
  /** Milliseconds from the decision to the proof. */
  readonly ms: number;
}

/** What `build` leaves for `boot` and `publish`, once for each image. */
export interface BuildRecord {
  readonly target: TargetName;
  readonly architecture: Architecture;
  readonly build: Build;
  /** Absent when the build brought its own toolchain. */
  readonly toolchain?: ToolchainRecord;
  /** Key of the dune cache that was restored from the actions cache; absent when none was. */
  readonly buildCache?: string;
}

/** What steps of a job tell each other about an image. */
export interface ImageRecords {
  readonly build: BuildRecord;
  /** One for each scenario; an image without scenarios has one. */
  readonly boot: readonly [BootReport, ...BootReport[]];
}

// Only as much is looked at as keeps a reader of a record from crashing: the writer is this same program, and what can
// go wrong is a file of another version or one that somebody edited.

/** Whether a record read from a file has what its readers use. */
export const isToolchainRecord = (value: unknown): value is ToolchainRecord => toolchainRecord(value);
/** Whether a record read from a file has what its readers use. */
export const isBuildRecord = (value: unknown): value is BuildRecord => buildRecord(value);
/** Whether a record read from a file has what its readers use. */
export const areBootReports = (value: unknown): value is ImageRecords["boot"] => bootReports(value);

const toolchainRecord = record({
  ms: number,
  toolchain: record({
    key: text,
    source: oneOf(toolchainSources),
    origin: oneOf(toolchainOrigins),
    path: text,
    spec: isSpec,
    environment: isEnvironment,
  }),
});

export const usedPackage = record({
  name: text,
  version: text,
  from: oneOf(["opam", "duniverse"]),
  use: oneOf(["image", "tool", "unknown"]),
  source: orNull(text),
  hashes: listOf(text),
  licenses: listOf(text),
});

const buildRecord = record({
  target: oneOf(targetNames),
  architecture: oneOf(architectures),
  build: record({
    project: record({ buildSystem: text, directory: text, description: text }),
    lockFile: orAbsent(text),
    steps: listOf(record({ name: text, ms: number })),
    images: listOf(record({ path: text, name: text, bytes: number, sha256: text, debugFile: orAbsent(text) }), 1),
    packages: orAbsent(listOf(usedPackage)),
  }),
  toolchain: orAbsent(toolchainRecord),
  buildCache: orAbsent(text),
});

const verdict = record({
  verdict: oneOf(verdicts),
  reason: oneOf(reasons),
  summary: text,
  atMs: number,
  evidence: orAbsent(record({ line: text, atMs: number })),
  bootMs: orAbsent(number),
  readyMs: orAbsent(number),
  exitStatus: orAbsent(number),
  remedy: orAbsent(text),
});

const attempt = record({
  accelerator: oneOf(accelerators),
  monitor: text,
  inCarrier: boolean,
  argv: listOf(text),
  verdict,
});

const bootReport = record({
  scenario: orAbsent(text),
  imagePath: text,
  image: record({ format: text, architecture: text, system: record({ kind: text }) }),
  verdict,
  attempts: listOf(attempt),
  probes: orAbsent(listOf(record({ text, holds: boolean, said: text, atMs: number }))),
  span: orAbsent(record({ startMs: number, ms: number })),
  consoleEnd: listOf(text),
  consoleLog: orAbsent(text),
});
const bootReports = listOf(bootReport, 1);
