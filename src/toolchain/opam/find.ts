import { join } from "node:path";
import semver from "semver";
import type { Context } from "../../platform/host.js";
import { ensureSystemPackages } from "../../platform/packages/apt.js";
import { downloadOpam, downloadedOpam, opamRelease } from "../../platform/packages/binaries.js";
import { Problem, messageOf } from "../../platform/problem.js";
import { findProgram } from "../../platform/process/programs.js";

/** The first with `switch set-invariant`. */
const oldest = "2.1.0";

export interface OpamOptions {
  readonly install: boolean;
  /** Settles when this process has finished its other installation of system packages: apt's lock allows only one. */
  readonly aptIsFree: Promise<unknown>;
}

/**
 * Finds an opam that is new enough: the one on PATH, else opam's release binary, else the distribution's package.
 *
 * @returns its absolute path.
 * @throws Problem that says how to install one.
 */
export async function findOpam(context: Context, options: OpamOptions): Promise<string> {
  const { host, log } = context;
  const path = host.environment["PATH"];
  const onPath = findProgram("opam", path);
  const usable = await usableOpam(context, onPath);
  if (usable !== undefined) return usable;
  try {
    const downloaded = await downloadOpam(host.architecture, join(host.folders.toolCache, "opam"), log);
    log.fact("opam", `${opamRelease} (downloaded, SHA-512 checked)`);
    return downloaded;
  } catch (error) {
    if (error instanceof Problem) throw error;
    log.notice(`opam ${opamRelease} could not be downloaded: ${messageOf(error)}`);
  }
  await options.aptIsFree.catch(() => undefined);
  if (onPath === undefined && options.install) await ensureSystemPackages(context, ["opam"], options);
  const installed = findProgram("opam", path);
  const version = installed === undefined ? undefined : await versionOf(context, installed);
  if (installed !== undefined && version !== undefined && semver.gte(version, oldest)) return installed;
  throw new Problem(`opam ${oldest} or newer is needed to build the toolchain`, {
    ...(installed === undefined ? {} : { found: `${installed} is ${version ?? "of unknown version"}` }),
    do: "sudo apt-get install opam      (or see https://opam.ocaml.org/doc/Install.html)",
  });
}

/** The opam that a build would use, if it is here already: on PATH, or downloaded before. */
export async function installedOpam(context: Context): Promise<string | undefined> {
  const { architecture, environment, folders } = context.host;
  const downloaded = await downloadedOpam(architecture, join(folders.toolCache, "opam"));
  return (await usableOpam(context, findProgram("opam", environment["PATH"]))) ?? downloaded;
}

/** @returns undefined for one that is too old, which the log says. */
async function usableOpam(context: Context, opam: string | undefined): Promise<string | undefined> {
  if (opam === undefined) return undefined;
  const version = await versionOf(context, opam);
  const isNew = version !== undefined && semver.gte(version, oldest);
  const fault = `${opam} is ${version ?? "of unknown version"}, and ${oldest} or newer is needed`;
  context.log.fact("opam", isNew ? `${version} (${opam})` : fault);
  return isNew ? opam : undefined;
}

async function versionOf({ processes }: Context, opam: string): Promise<string | undefined> {
  const { stdout } = await processes.run([opam, "--version"]);
  return semver.coerce(stdout.trim())?.version;
}
