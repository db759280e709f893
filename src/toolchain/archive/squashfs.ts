import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cleaningUp } from "../../platform/process/leftovers.js";
import { abstractEnvironment } from "./manifest.js";
import { type Listed, type PackSource, type Packed, packToolchain, readAbstract } from "./pack.js";
import { placeholder } from "./prefix.js";
import { writeTar } from "./tar.js";

/** The only file in the archive of an image. */
export const imageName = "toolchain.squashfs";

/**
 * Packs a toolchain as a file system: an archive with one file in it. The file system itself is not compressed, so that
 * the archive compresses well and the toolchain's path can be written into it while it is unpacked.
 *
 * Needs mksquashfs 4.5 or newer. Parameters and errors are those of {@link packToolchain}.
 */
export async function packImage(source: PackSource, file: string, level: number, listed: Listed): Promise<Packed> {
  const work = await mkdtemp(join(dirname(file), ".image-"));
  const pack = async () => {
    const { entries, leftOut } = listed;
    const contentOf = (path: string) => readAbstract(source, path).then(({ content }) => content);
    // Root owns the files of an image, so all users may write them: the folder where it is mounted limits access.
    await writeTar(
      { entries, contentOf, modes: { plain: 0o666, executable: 0o777, folder: 0o777 } },
      mksquashfs(join(work, imageName)),
    );
    const image = {
      ...source,
      environment: abstractEnvironment(source.environment, source.folder),
      folder: work,
      prefix: Buffer.from(placeholder),
      keeps: () => true,
      contents: entries,
    };
    return { ...(await packToolchain(image, file, level)), leftOut };
  };
  return cleaningUp(() => rmSync(work, { recursive: true, force: true }), pack).finally(() =>
    rm(work, { recursive: true }),
  );
}

/** Uncompressed, owned by root, with a constant time: the same toolchain gives the same image. */
const mksquashfs = (file: string): readonly [string, ...string[]] => [
  ...(["mksquashfs", "-", file, "-tar", "-quiet", "-no-progress"] as const),
  ...[
    "-b",
    "1M",
    "-noI",
    "-noD",
    "-noF",
    "-noX",
    "-no-xattrs",
    "-all-root",
    "-root-mode",
    "0777",
    "-all-time",
    "0",
    "-mkfs-time",
    "0",
  ],
];
