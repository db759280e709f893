import { basename, join } from "node:path";
import { bootFolder } from "../boot/devices/boot-folder.js";
import type { BootReport } from "../boot/report.js";
import { writeFileAtomically } from "../platform/files/atomic.js";
import type { Context } from "../platform/host.js";
import { describeBuilt } from "../project/images.js";
import type { Architecture } from "../target/architecture.js";
import { type TargetName, targets } from "../target/target.js";
import type { BootedImage } from "./boot-facts.js";
import { bootJson } from "./boot-json.js";
import { junit } from "./junit.js";

/** An image that was booted, and what it was booted as. */
export interface BootSubject {
  /** Absolute path. */
  readonly imagePath: string;
  readonly target: TargetName;
  readonly architecture: Architecture;
}

/**
 * Writes the reports of a boot step for programs, beside the consoles of the image.
 *
 * @returns their absolute paths.
 */
export async function writeBootFiles(
  context: Context,
  { imagePath, target, architecture }: BootSubject,
  reports: readonly BootReport[],
): Promise<{ readonly junit: string; readonly json: string }> {
  const { name, bytes, sha256 } = await describeBuilt(imagePath, targets[target]);
  const boots = reports.map((report) => ({ report, console: report.consoleLog && basename(report.consoleLog) }));
  const image: BootedImage = { unikernel: name, file: basename(imagePath), bytes, sha256, target, architecture, boots };
  const folder = bootFolder(context, imagePath);
  const paths = { junit: join(folder, "junit.xml"), json: join(folder, "boot.json") };
  await writeFileAtomically(paths.junit, junit([image]));
  await writeFileAtomically(paths.json, bootJson([image]));
  return paths;
}
