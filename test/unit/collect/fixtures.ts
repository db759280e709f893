import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checksumFile } from "../../../src/artifact/checksums.js";
import { publicRecord, recordBoot } from "../../../src/artifact/image-record.js";
import { junit } from "../../../src/artifact/junit.js";
import type { BuildInfo, JobImage } from "../../../src/artifact/schema.js";
import type { Verdict } from "../../../src/boot/judge/verdict.js";
import type { CollectedLeg } from "../../../src/collect/overview.js";
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
export function legOf({ target = "hvt", architecture = "x86_64", bytes = 1000, verdict }: LegOf = {}): CollectedLeg {
  const boots = verdict === undefined ? [] : [recordBoot(bootOf(verdict))];
  const file = `www.${target}`;
  const sha256 = sha256Of(Buffer.alloc(bytes));
  const image: JobImage = { unikernel: "www", file, bytes, sha256, debugFile: null, boots, path: `/w/${file}` };
  const info: BuildInfo = {
    schema: 2,
    target,
    architecture,
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
    host: { architecture: "x86_64", system: null, cores: 2, commit: null, run: null },
    createdAt: "2026-11-24T00:00:00.000Z",
  };
  return {
    name: `unikernel-www-${target}-${architecture}`,
    path: `/artifacts/unikernel-www-${target}-${architecture}`,
    info,
    checksums: [{ name: file, sha256 }],
    junit: boots.length === 0 ? undefined : junit({ target, architecture, images: [image] }),
  };
}

/** Writes legs as actions/download-artifact leaves them. */
export function writeLegs(folder: string, ...legs: readonly CollectedLeg[]): void {
  for (const { name: artifact, info, junit } of legs) {
    const files = new Map<string, string | Buffer>([
      ...info.images.map(({ file, bytes }) => [file, Buffer.alloc(bytes)] as const),
      ["build-info.json", JSON.stringify(info)],
      ...(junit === undefined ? [] : [["junit.xml", junit] as const]),
    ]);
    mkdirSync(join(folder, artifact), { recursive: true });
    for (const [name, content] of files) writeFileSync(join(folder, artifact, name), content);
    const checksums = [...files].map(([name, content]) => ({ name, sha256: sha256Of(content) }));
    writeFileSync(join(folder, artifact, "SHA256SUMS"), checksumFile(checksums));
  }
}

function sha256Of(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
