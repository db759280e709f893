import { realpath } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { portableFileName } from "../artifact/artifact-name.js";
import { type CopiedFile, sumsName } from "../artifact/checksums.js";
import { type BootedImages, beginImage } from "../artifact/image-record.js";
import { type BuildRecord, readRecord } from "../artifact/records.js";
import type { JobBoot, JobImage } from "../artifact/schema.js";
import { isImageFor, targetOf } from "../image/check.js";
import { readImage } from "../image/recognise.js";
import { isFile } from "../platform/files/folder-content.js";
import type { Context } from "../platform/host.js";
import { WrongUse } from "../platform/problem.js";
import { describeBuilt } from "../project/images.js";
import type { Architecture } from "../targets/architecture.js";
import { type TargetName, defaultTarget, targets } from "../targets/targets.js";

/** The inputs of `publish`. */
export interface PublishRequest {
  /** Undefined: the target that the image is recognised as. */
  readonly target: TargetName | undefined;
  readonly arch: Architecture | undefined;
  readonly configureArgs: readonly string[];
  /** Paths, relative to the workspace. */
  readonly images: readonly string[];
  readonly artifactName: string | undefined;
  readonly artifact: boolean;
  readonly retentionDays: number;
}

/** The content of an artifact. */
export interface Gathered {
  readonly target: TargetName;
  readonly architecture: Architecture;
  /** With the names of their files in the artifact. */
  readonly images: readonly [JobImage, ...JobImage[]];
  readonly record: BuildRecord | undefined;
  /** Where each file is, and its name in the artifact. */
  readonly files: readonly CopiedFile[];
}

/** Files that are generated for an artifact. Tools recognise CycloneDX by the suffix `.cdx.json`. */
export const generatedFiles = ["build-info.json", "sbom.cdx.json", "boot.json", "junit.xml", sumsName] as const;

/**
 * Finds the files and records of images. An image of `build` brings the other images of the same build, and the
 * target and architecture of its record, which hold even when the inputs of this step differ.
 *
 * @throws Problem when there is no image, or an image belongs in another artifact.
 */
export async function gather(context: Context, request: PublishRequest): Promise<Gathered> {
  const [path, ...more] = await imagePaths(context, request);
  const record = await readRecord(context, path, "build");
  const target = record?.target ?? request.target ?? targetOf(await readImage(path)) ?? defaultTarget;
  const known = record?.architecture ?? request.arch;
  // A file whose bytes do not show what it is can still be published.
  const architecture = known ?? (await readImage(path).catch(() => context.host)).architecture;
  const describe = async (image: string) => beginImage(await describeBuilt(image, targets[target]));
  const found: [JobImage, ...JobImage[]] = [...(record?.images ?? ([await describe(path)] as const))];
  for (const other of more.filter((one) => found.every((image) => image.path !== one))) {
    const isOfOtherBuild = (record ?? (await readRecord(context, other, "build"))) !== undefined;
    if (isOfOtherBuild || !isImageFor(await readImage(other), target, architecture)) {
      throw new WrongUse(`input image: ${other} belongs in another artifact than ${path}`, {
        because: "an artifact has the images of one build, for one target and architecture",
        do: "publish it in a step of its own",
      });
    }
    found.push(await describe(other));
  }
  const files: CopiedFile[] = [];
  const taken = new Set<string>(generatedFiles.map(keyOf));
  const add = (from: string, wanted: string, sha256?: string): string => {
    const name = freeName(portableFileName(wanted), taken);
    taken.add(keyOf(name));
    files.push({ from, name, ...(sha256 === undefined ? {} : { sha256 }) });
    return name;
  };
  const publishConsole = async ({ unikernel }: JobImage, boot: JobBoot): Promise<JobBoot> => {
    const { consoleLog, scenario } = boot;
    if (consoleLog === undefined || !(await isFile(consoleLog))) return { ...boot, console: null };
    const which = [unikernel, ...(scenario === null ? [] : [scenario]), target, architecture].join("-");
    return { ...boot, console: add(consoleLog, `console-${which}.log`) };
  };
  const publish = async (image: JobImage): Promise<JobImage> => {
    const boots: JobBoot[] = [];
    for (const boot of (await readRecord(context, image.path, "boot")) ?? [])
      boots.push(await publishConsole(image, boot));
    // Build systems link an image to where it is expected.
    const file = add(
      await realpath(image.path),
      image.file,
      /* promise: images-are-those-of-their-record */ image.sha256,
    );
    const { debugPath } = image;
    const hasDebug = debugPath !== undefined && (await isFile(debugPath));
    const debugFile = hasDebug ? add(debugPath, nameBeside(file, image.path, debugPath)) : null;
    return { ...image, file, debugFile, boots };
  };
  const [first, ...others] = found;
  const images: [JobImage, ...JobImage[]] = [await publish(first)];
  for (const image of others) {
    if (await isFile(image.path)) images.push(await publish(image));
    else context.log.warning(`${image.path}, an image of this build, is gone: it is not published`);
  }
  const lockFile = record?.lockFile;
  if (lockFile !== undefined && (await isFile(lockFile))) add(lockFile, basename(lockFile));
  return { target, architecture, images, record, files };
}

/** The booted images of an artifact. */
export function bootedImages({ target, architecture, images }: Gathered): BootedImages {
  return { target, architecture, images: images.filter(({ boots }) => boots.length > 0) };
}

async function imagePaths({ host }: Context, { images }: PublishRequest): Promise<[string, ...string[]]> {
  const [first, ...others] = new Set(images.map((image) => resolve(host.folders.workspace, image)));
  if (first === undefined) {
    throw new WrongUse("input image: publish needs the path of an image", {
      do: "set it to the output of the build step: `image: ${{ steps.build.outputs.images }}`",
    });
  }
  for (const path of [first, ...others])
    if (!(await isFile(path))) throw new WrongUse(`input image: there is no file ${path}`);
  return [first, ...others];
}

/** `www-2.hvt.debug` for `www-2.hvt`: a debug file that is named after its image follows the image's new name. */
function nameBeside(file: string, image: string, debugFile: string): string {
  const [own, debug] = [basename(image), basename(debugFile)];
  return debug.startsWith(own) ? `${file}${debug.slice(own.length)}` : debug;
}

/** `www.hvt`, then `www-2.hvt`: images in different folders can have the same name. */
function freeName(wanted: string, taken: ReadonlySet<string>): string {
  const extension = extname(wanted);
  const stem = wanted.slice(0, wanted.length - extension.length);
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${stem}-${number}${extension}`;
    if (!taken.has(keyOf(name))) return name;
  }
}

/** An artifact is unpacked into a folder, on file systems that can be case-insensitive. */
const keyOf = (name: string): string => /* promise: file-names-differ-in-letters */ name.toLowerCase();
