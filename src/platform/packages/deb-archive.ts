import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../files/make-folder.js";
import type { Architecture } from "../../targets/architecture.js";
import type { Context } from "../host.js";
import { Problem } from "../problem.js";
import { environmentForOthers } from "../process/guarded-environment.js";
import { type Outcome, lastLines } from "../process/process.js";
import { findProgram } from "../process/programs.js";

/** The names of architectures in Debian and Ubuntu. */
export const debianArchitectures: Readonly<Record<Architecture, "amd64" | "arm64">> = {
  x86_64: "amd64",
  aarch64: "arm64",
};

/** The distribution's packages for one architecture, which may differ from the machine's. */
export interface DebArchive {
  /** The dependencies of a package's newest version; empty for an unknown package. */
  dependencies(name: string): Promise<readonly string[]>;
  /**
   * Downloads packages, checks them against the distribution's keys, and unpacks all of them into `folder`.
   *
   * @throws Problem when one is unavailable.
   */
  unpack(names: readonly string[], folder: string): Promise<void>;
}

/**
 * Opens the distribution's archive for an architecture. Needs no root and leaves the system's apt, packages and
 * architectures alone: it keeps its state in `folder`. Uses the system's sources, mirrors, proxies and keys.
 *
 * @param folder an empty folder for lists and downloads.
 * @throws Problem without apt.
 */
export async function openDebArchive(
  { host, processes }: Context,
  architecture: Architecture,
  folder: string,
): Promise<DebArchive> {
  const missing = ["apt-get", "dpkg-deb"].find((name) => findProgram(name, host.environment["PATH"]) === undefined);
  if (missing !== undefined) {
    throw new Problem(`packages for ${architecture} need ${missing}, which is not installed`, {
      accepted: "Debian, Ubuntu and distributions based on them",
    });
  }
  const word = debianArchitectures[architecture];
  const configuration = join(folder, "apt.conf");
  const foreign =
    architecture === host.architecture ? undefined : foreignSources(await readFile("/etc/os-release", "utf8"), word);
  for (const name of ["state/lists/partial", "cache/archives/partial", "debs"]) {
    await makeFolder(join(folder, name));
  }
  await writeFile(join(folder, "status"), "");
  await writeFile(join(folder, "sources.list"), foreign ?? "");
  await writeFile(configuration, aptConfiguration(folder, word, foreign !== undefined));

  const env = { ...environmentForOthers(host.environment), LC_ALL: "C" };
  const run = (program: "apt-get" | "apt-cache", ...args: string[]) =>
    processes.run([program, "-q", "-c", configuration, ...args], {
      env,
      cwd: join(folder, "debs"),
      whole: program === "apt-cache",
    });
  // A failing third-party source must not stop us: what counts is whether the packages can be downloaded.
  const updated = await run("apt-get", "update");

  return {
    async dependencies(name) {
      const { stdout } = await run("apt-cache", "show", "--no-all-versions", name);
      return dependenciesIn(stdout);
    },
    async unpack(names, target) {
      const failed = (outcome: Outcome, what: string) =>
        new Problem(`${what} for ${word} could not be downloaded`, {
          evidence: lastLines(`${updated.stderr}\n${outcome.stderr}`, 10),
          do:
            foreign === undefined
              ? `check that apt on this machine (/etc/apt) has sources with packages for ${word}, and can reach them`
              : `check that apt on this machine can reach ${ubuntuServers[word]}`,
        });
      const debs = join(folder, "debs");
      const before = new Set(await readdir(debs));
      const downloaded = await run("apt-get", "download", ...names);
      if (downloaded.exitCode !== 0) throw failed(downloaded, names.join(" "));
      await makeFolder(target);
      for (const file of (await readdir(debs)).filter((name) => !before.has(name))) {
        const unpacked = await processes.run(["dpkg-deb", "--extract", join(debs, file), target], { env });
        if (unpacked.exitCode !== 0) throw failed(unpacked, file);
      }
    },
  };
}

/** The packages in the field Depends of an `apt-cache show` record, without versions; the first of alternatives. */
export function dependenciesIn(record: string): string[] {
  const field = /^Depends: (.*)$/m.exec(record)?.[1] ?? "";
  return field.split(",").flatMap((part) => /^\s*([a-z\d][a-z\d+.-]*)/.exec(part)?.[1] ?? []);
}

/**
 * An apt.conf(5) to read after the system's. It keeps the state in `folder`, and turns off what the system adds to an
 * update: hooks and lists for other programs.
 */
export function aptConfiguration(folder: string, word: string, ownSources: boolean): string {
  const setting = (name: string, value: string) => `${name} "${value}";\n`;
  const packages = "Acquire::IndexTargets::deb::Packages";
  return [
    ...["APT::Architectures", "APT::Update", "Acquire::IndexTargets"].map((name) => `#clear ${name};\n`),
    setting("APT::Architecture", word),
    setting("APT::Architectures::", word),
    setting("Dir::State", join(folder, "state")),
    setting("Dir::State::status", join(folder, "status")),
    setting("Dir::Cache", join(folder, "cache")),
    ...(ownSources
      ? [setting("Dir::Etc::sourcelist", join(folder, "sources.list")), setting("Dir::Etc::sourceparts", "/dev/null")]
      : []),
    // apt run by root would download as a user who cannot write to our folder.
    setting("APT::Sandbox::User", "root"),
    setting("Acquire::Languages", "none"),
    setting("Acquire::Retries", "3"),
    setting(`${packages}::MetaKey`, "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages"),
    setting(`${packages}::flatMetaKey`, "Packages"),
    setting(`${packages}::ShortDescription`, "Packages"),
    setting(`${packages}::Description`, "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages"),
  ].join("");
}

/** Ubuntu's server for each architecture (https://wiki.ubuntu.com/Ports); Debian's servers have all. */
const ubuntuServers = {
  amd64: "http://archive.ubuntu.com/ubuntu",
  arm64: "http://ports.ubuntu.com/ubuntu-ports",
} as const;

/**
 * Sources for an architecture other than the machine's, in the form of sources.list(5).
 *
 * @param osRelease text in the form of os-release(5).
 * @returns undefined if the machine's own sources have that architecture, too.
 */
export function foreignSources(osRelease: string, word: keyof typeof ubuntuServers): string | undefined {
  if (!/^ID=ubuntu$/m.test(osRelease)) return undefined;
  const codename = /^VERSION_CODENAME=["']?([a-z]+)/m.exec(osRelease)?.[1] ?? "";
  const suites = ["", "-updates", "-security"].map((suffix) => `${codename}${suffix}`);
  const options = /* promise: ubuntu-server-has-its-key */ "[signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg]";
  return suites.map((suite) => `deb ${options} ${ubuntuServers[word]} ${suite} main universe\n`).join("");
}
