import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Architecture } from "../../targets/architecture.js";
import type { Context } from "../host.js";
import { Problem } from "../problem.js";
import { environmentForOthers } from "../process/guarded-environment.js";
import { type Outcome, lastLines } from "../process/process.js";
import { findProgram } from "../process/programs.js";

/** Debian's and Ubuntu's own words for architectures. */
export const debianArchitectures: Readonly<Record<Architecture, "amd64" | "arm64">> = {
  x86_64: "amd64",
  aarch64: "arm64",
};

/** Packages of one architecture, which may be another than the machine's. */
export interface DebArchive {
  /** Names of the packages that the newest version of one depends on; none for a package that is not there. */
  dependencies(name: string): Promise<readonly string[]>;
  /**
   * Downloads packages, checked against the distribution's keys, and unpacks them over each other into `folder`.
   *
   * @throws Problem when one is not to be had.
   */
  unpack(names: readonly string[], folder: string): Promise<void>;
}

/**
 * Opens the distribution's archive of packages for an architecture with a state of its own: needs no root, and the
 * system's apt, its packages and its architectures stay as they are. The system's sources, mirrors, proxies and keys
 * are used.
 *
 * @param folder an empty one, for lists and downloads.
 * @throws Problem where there is no apt.
 */
export async function openDebArchive(
  { host, processes }: Context,
  architecture: Architecture,
  folder: string,
): Promise<DebArchive> {
  const missing = ["apt-get", "dpkg-deb"].find((name) => findProgram(name, host.environment["PATH"]) === undefined);
  if (missing !== undefined) {
    throw new Problem(`there is no ${missing} here to get packages for ${architecture} with`, {
      accepted: "Debian and Ubuntu, and what is made of them",
    });
  }
  const word = debianArchitectures[architecture];
  const configuration = join(folder, "apt.conf");
  const foreign =
    architecture === host.architecture ? undefined : foreignSources(await readFile("/etc/os-release", "utf8"), word);
  for (const name of ["state/lists/partial", "cache/archives/partial", "debs"]) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await writeFile(join(folder, "status"), "");
  await writeFile(join(folder, "sources.list"), foreign ?? "");
  await writeFile(configuration, aptConfiguration(folder, word, foreign !== undefined));

  const env = { ...environmentForOthers(host.environment), LC_ALL: "C" };
  const run = (program: "apt-get" | "apt-cache", ...args: string[]) =>
    processes.run([program, "-q", "-c", configuration, ...args], { env, cwd: join(folder, "debs") });
  // A source of somebody else's that fails must not stop us: what counts is that the packages can be had.
  const updated = await run("apt-get", "update");

  return {
    async dependencies(name) {
      const { stdout } = await run("apt-cache", "show", "--no-all-versions", name);
      return dependenciesIn(stdout);
    },
    async unpack(names, target) {
      const failed = (outcome: Outcome, what: string) =>
        new Problem(`${what} for ${word} could not be had`, {
          evidence: lastLines(`${updated.stderr}\n${outcome.stderr}`, 10),
          do:
            foreign === undefined
              ? `see that apt on this machine (/etc/apt) has sources with packages for ${word}, and reaches them`
              : `see that apt on this machine reaches ${ubuntuServers[word]}`,
        });
      const debs = join(folder, "debs");
      const before = new Set(await readdir(debs));
      const downloaded = await run("apt-get", "download", ...names);
      if (downloaded.exitCode !== 0) throw failed(downloaded, names.join(" "));
      await mkdir(target, { recursive: true });
      for (const file of (await readdir(debs)).filter((name) => !before.has(name))) {
        const unpacked = await processes.run(["dpkg-deb", "--extract", join(debs, file), target], { env });
        if (unpacked.exitCode !== 0) throw failed(unpacked, file);
      }
    },
  };
}

/** The packages in the field Depends of what `apt-cache show` prints, without versions; of alternatives the first. */
export function dependenciesIn(record: string): string[] {
  const field = /^Depends: (.*)$/m.exec(record)?.[1] ?? "";
  return field.split(",").flatMap((part) => /^\s*([a-z\d][a-z\d+.-]*)/.exec(part)?.[1] ?? []);
}

/**
 * An apt.conf(5) that is read after the system's: a state in `folder`, and nothing of what the system has apt do around
 * an update (hooks, lists for other programs).
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
    // Root's apt would download as a user that may not write to our folder.
    setting("APT::Sandbox::User", "root"),
    setting("Acquire::Languages", "none"),
    setting("Acquire::Retries", "3"),
    setting(`${packages}::MetaKey`, "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages"),
    setting(`${packages}::flatMetaKey`, "Packages"),
    setting(`${packages}::ShortDescription`, "Packages"),
    setting(`${packages}::Description`, "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages"),
  ].join("");
}

/** Where Ubuntu keeps the packages of each architecture; Debian keeps all in one place: https://wiki.ubuntu.com/Ports */
const ubuntuServers = {
  amd64: "http://archive.ubuntu.com/ubuntu",
  arm64: "http://ports.ubuntu.com/ubuntu-ports",
} as const;

/**
 * Sources for an architecture that is not the machine's, in the form of sources.list(5).
 *
 * @param osRelease text in the form of os-release(5).
 * @returns undefined where the machine's own sources have that architecture too.
 */
export function foreignSources(osRelease: string, word: keyof typeof ubuntuServers): string | undefined {
  if (!/^ID=ubuntu$/m.test(osRelease)) return undefined;
  const codename = /^VERSION_CODENAME=["']?([a-z]+)/m.exec(osRelease)?.[1] ?? "";
  const suites = ["", "-updates", "-security"].map((suffix) => `${codename}${suffix}`);
  const options = /* promise: ubuntu-server-has-its-key */ "[signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg]";
  return suites.map((suite) => `deb ${options} ${ubuntuServers[word]} ${suite} main universe\n`).join("");
}
