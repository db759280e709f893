import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Bytes } from "../image/bytes.js";
import { elfMachine, interpreterOf, readElf } from "../image/elf.js";
import type { Context } from "../platform/host.js";
import { seconds } from "../platform/log.js";
import { copyInside } from "../platform/files/inside.js";
import { openDebArchive } from "../platform/packages/deb-archive.js";
import { Problem, messageOf } from "../platform/problem.js";
import { type Outcome, succeed } from "../platform/process/process.js";
import { tenderName, tenders } from "../targets/targets.js";
import { layoutOf } from "./environment.js";
import { recipeOf } from "./packages.js";
import type { ToolchainSpec } from "./toolchain.js";

type Run = (
  argv: readonly [string, ...string[]],
  cwd: string,
  variables?: Readonly<Record<string, string>>,
) => Promise<Outcome>;

/**
 * Builds static Solo5 tenders for the toolchain's architecture, from the sources of the toolchain's own Solo5, and puts
 * them beside opam: a helper VM runs them (boot/helper-vm). A toolchain works without them, so a failure is only a
 * notice.
 *
 * @param path the toolchain's folder.
 * @param opam runs the toolchain's own opam.
 * @param env of the toolchain's build.
 */
export async function buildTenders(
  context: Context,
  spec: ToolchainSpec,
  path: string,
  opam: (...args: string[]) => Promise<Outcome>,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const { log, processes } = context;
  const work = join(path, "tenders");
  const start = performance.now();
  try {
    await rm(work, { recursive: true, force: true });
    await mkdir(work);
    const run: Run = (argv, cwd, variables = {}) => processes.run(argv, { cwd, env: { ...env, ...variables } });
    await build(context, spec, path, work, opam, run);
    log.fact("tenders", `for ${spec.architecture}, static, built in ${seconds(performance.now() - start)}`);
  } catch (error) {
    const { architecture } = spec;
    log.notice(
      `cannot build tenders for ${architecture}, so hvt and spt images boot on ${architecture} machines only: ` +
        reasonOf(error),
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function build(
  context: Context,
  spec: ToolchainSpec,
  path: string,
  work: string,
  opam: (...args: string[]) => Promise<Outcome>,
  run: Run,
): Promise<void> {
  const sources = join(work, "solo5");
  succeed(await opam("source", `solo5.${spec.versions.solo5 ?? ""}`, `--dir=${sources}`), "getting Solo5’s sources");
  if (!existsSync(join(sources, "configure.sh"))) throw new Problem("these Solo5 sources have no configure.sh");
  const libraries = join(work, "libraries");
  const apt = join(work, "apt");
  await mkdir(apt);
  await (await openDebArchive(context, spec.architecture, apt)).unpack(["libseccomp-dev"], libraries);

  const { cCompiler } = recipeOf(spec);
  const triple = cCompiler.replace(/-gcc$/, "");
  const configure = await run(["./configure.sh", "--disable-toolchain", "--disable-elftool"], sources, {
    HOST_CC: cCompiler,
    HOST_AR: `${triple}-ar`,
    PKG_CONFIG_LIBDIR: join(libraries, "usr/lib", triple, "pkgconfig"),
    PKG_CONFIG_SYSROOT_DIR: libraries,
    // pkg-config omits system folders by default, and takes these for some.
    PKG_CONFIG_ALLOW_SYSTEM_CFLAGS: "1",
    PKG_CONFIG_ALLOW_SYSTEM_LIBS: "1",
  });
  succeed(configure, "configuring Solo5");
  succeed(await run(["make", "gen-version-h"], sources), "building Solo5’s tenders");
  // Position independent, because spt would otherwise occupy the addresses of its guest's memory.
  const link = "HOSTLDFLAGS=-static-pie -Wl,-z -Wl,noexecstack";
  succeed(await run(["make", "-C", "tenders", `TOPDIR=${sources}`, link], sources), "building Solo5’s tenders");
  for (const tender of tenders) {
    const program = join(sources, "tenders", tender.replace("solo5-", ""), tender);
    await checkStatic(program, spec);
    const name = tenderName(tender, spec.architecture, spec.hostArchitecture);
    copyInside(program, layoutOf(path).tools, name);
  }
}

/** An older Solo5 ignores HOST_CC and builds for this machine. */
async function checkStatic(program: string, { architecture }: ToolchainSpec): Promise<void> {
  const elf = readElf(new Bytes(await readFile(program)));
  if (elf.machine !== elfMachine[architecture]) throw new Problem(`the built tender is not for ${architecture}`);
  if (interpreterOf(elf) !== undefined) throw new Problem("the built tender is not static");
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Problem)) return messageOf(error);
  const { evidence = [] } = error.facts;
  return [error.message, ...[evidence].flat().slice(-3)].join("\n");
}
