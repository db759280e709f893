import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Artifact } from "../../../src/artifact/artifact.js";
import { checksumFile } from "../../../src/artifact/checksums.js";
import { publicRecord, recordBoot } from "../../../src/artifact/image-record.js";
import type { BuildInfo, JobImage } from "../../../src/artifact/schema.js";
import type { Verdict } from "../../../src/boot/judge/verdict.js";
import type { Architecture } from "../../../src/targets/architecture.js";
import type { TargetName } from "../../../src/targets/targets.js";
import { bootOf } from "../artifact/fixtures.js";

export interface LegOf {
  readonly target?: TargetName;
  readonly architecture?: Architecture;
  readonly bytes?: number;
  /** Undefined: it was not booted. */
  readonly verdict?: Verdict;
}

/** A leg as `publish` leaves it; its image consists of zeros. */
export function legOf({ target = "hvt", architecture = "x86_64", bytes = 1000, verdict }: LegOf = {}): Artifact {
  const boots = verdict === undefined ? [] : [recordBoot(bootOf(verdict, { consoleLog: "/w/console.log" }))];
  const file = `www.${target}`;
  const sha256 = sha256Of(Buffer.alloc(bytes));
  const image: JobImage = { unikernel: "www", file, bytes, sha256, debugFile: null, boots, path: `/w/${file}` };
  const name = `unikernel-www-${target}-${architecture}`;
  const info: BuildInfo = {
    schema: 2,
    target,
    architecture,
    artifact: name,
    images: [publicRecord(image)],
    build: {
      buildSystem: "dune",
      project: "dune",
      configureArgs: [],
      steps: [{ name: "dune build", ms: 1200 }],
      cache: null,
    },
    toolchain: null,
    packages: null,
    host: { architecture: "x86_64", system: null, cores: 2, commit: null, changes: null, run: null, attempt: null },
    createdAt: "2026-11-24T00:00:00.000Z",
  };
  return {
    name,
    path: `/artifacts/${name}`,
    info,
    checksums: [{ name: file, sha256 }],
    consoleEnds: new Map(boots.length === 0 ? [] : [["console.log", "hello\r\n"]]),
  };
}

/** Writes legs as actions/download-artifact leaves several: each in a subfolder of its name. */
export function writeLegs(folder: string, ...legs: readonly Artifact[]): void {
  for (const leg of legs) writeLeg(join(folder, leg.name), leg);
}

/** Writes a leg as it leaves a single one: in the folder itself. */
export function writeLeg(folder: string, { info, consoleEnds }: Artifact): void {
  const files = new Map<string, string | Buffer>([
    ...info.images.map(({ file, bytes }) => [file, Buffer.alloc(bytes)] as const),
    ["build-info.json", JSON.stringify(info)],
    ...consoleEnds,
    ...(consoleEnds.size === 0 ? [] : [["junit.xml", "<the leg’s own, which is not read"] as const]),
  ]);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
  const checksums = [...files].map(([name, content]) => ({ name, sha256: sha256Of(content) }));
  writeFileSync(join(folder, "SHA256SUMS"), checksumFile(checksums));
}

function sha256Of(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
