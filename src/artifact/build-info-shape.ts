import { verdicts } from "../boot/judge/verdict.js";
import { accelerators } from "../boot/report.js";
import { Problem } from "../platform/problem.js";
import { type Check, listOf, number, oneOf, orAbsent, orNull, record, text, textsByName } from "../platform/shape.js";
import { architectures } from "../target/architecture.js";
import { targetNames } from "../target/target.js";
import { toolchainOrigins, toolchainSources } from "../toolchain/toolchain.js";
import type { BuildInfo } from "./build-info.js";
import { usedPackage } from "./record-shapes.js";

// Artifacts come from other jobs, maybe of another version of this program: what is read of them is looked at.

/**
 * Reads a `build-info.json`.
 *
 * @param shown what messages call the file.
 * @throws Problem when it lacks what a release or a report reads of it, or is of another format.
 */
export function parseBuildInfo(text: string, shown: string): BuildInfo {
  const value = parseJson(text, shown);
  const schema = typeof value === "object" && value !== null && "schema" in value ? value.schema : undefined;
  if (schema !== 2) {
    throw new Problem(`${shown} is of another format than the one that is read here`, {
      found: `schema ${String(schema)}`,
      accepted: "schema 2",
      do: "use the same version of unikernel-ci for every job of the workflow",
    });
  }
  if (!isBuildInfo(value))
    throw new Problem(`${shown} lacks fields that build info has`, { do: "see whether something changed it" });
  return value;
}

function parseJson(text: string, shown: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem(`${shown} is not JSON`, {}, { cause: error });
  }
}

const isBuildInfo = (value: unknown): value is BuildInfo => buildInfo(value);

const fileName: Check = (value) => typeof value === "string" && !/[/\\]/.test(value) && !/^\.*$/.test(value);
const sha256: Check = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);

const boot = record({
  verdict: oneOf(verdicts),
  summary: text,
  scenario: orNull(text),
  bootMs: orAbsent(number),
  attempts: listOf(record({ accelerator: oneOf(accelerators), monitor: text })),
});

const buildInfo = record({
  schema: (value) => value === 2,
  target: oneOf(targetNames),
  architecture: oneOf(architectures),
  images: listOf(
    record({
      unikernel: text,
      file: fileName,
      bytes: number,
      sha256,
      debugFile: orNull(fileName),
      boots: listOf(boot),
    }),
    1,
  ),
  build: orNull(
    record({
      configureArgs: listOf(text),
      steps: listOf(record({ name: text, ms: number })),
      cache: orNull(text),
    }),
  ),
  toolchain: orNull(
    record({
      key: text,
      source: oneOf(toolchainSources),
      ms: number,
      origin: oneOf(toolchainOrigins),
      versions: textsByName,
      opamRepositories: listOf(record({ name: text, url: text })),
      opamPackages: listOf(text),
      opamPins: listOf(record({ package: text, url: text })),
      cCompiler: text,
    }),
  ),
  packages: orNull(listOf(usedPackage)),
  host: record({ commit: orNull(text), run: orNull(text) }),
  createdAt: (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)),
});
