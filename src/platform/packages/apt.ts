import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../host.js";
import { seconds } from "../log.js";
import { Problem } from "../problem.js";
import { type Outcome, succeed } from "../process/process.js";
import { findProgram } from "../process/programs.js";
import { type AsRoot, becomeRoot, systemPath, systemProgram } from "../process/sudo.js";

export interface InstallOptions {
  readonly install: boolean;
  /** How long to wait for a lock of apt or dpkg that another program holds; default: {@link lockMs}. */
  readonly lockMs?: number;
}

/** unattended-upgrades on a machine that has just started takes a while. */
const lockMs = 120_000;
const lockPollMs = 2_000;

/**
 * Installs the Debian packages that are missing. Uses root only for that.
 *
 * @throws Problem with the command to run, when installing is not allowed, not approved, or needs a root that we
 *   cannot become; with the holder of the lock, when apt stays locked.
 */
export async function ensureSystemPackages(
  context: Context,
  packages: readonly string[],
  options: InstallOptions,
): Promise<void> {
  const { host, log } = context;
  if (findProgram("dpkg-query", host.environment["PATH"]) === undefined) {
    log.notice(`not a Debian or Ubuntu system: make sure that it has ${packages.join(" ")} (names of Debian packages)`);
    return;
  }
  const missing = await missingPackages(context, packages);
  // promise: present-packages-need-no-root
  if (missing.length === 0) return;
  const asRoot = options.install ? await becomeRoot(context) : undefined;
  if (asRoot === undefined) {
    throw new Problem(`system packages are missing: ${missing.join(" ")}`, {
      because: options.install
        ? "this user is not root and has no sudo without a password"
        : "`install-system-packages` is false",
      do: `sudo apt-get install ${missing.join(" ")}`,
    });
  }
  await approved(context, missing);
  await install(context, asRoot, missing, options.lockMs ?? lockMs);
}

/** @throws Problem when a person must approve it, and did not. */
async function approved({ approval }: Context, missing: readonly string[]): Promise<void> {
  const command = `sudo apt-get install ${missing.join(" ")}`;
  const answer = approval === undefined ? true : await approval(command);
  if (answer === true) return;
  throw new Problem(`system packages are missing: ${missing.join(" ")}`, {
    because:
      answer === false
        ? "installing them was declined"
        : "nothing is installed without asking, and nobody can be asked here",
    do: [command, "or let unikernel-ci install them: `--install-system-packages true`"],
  });
}

/** The Debian packages that are not installed; empty on another system. */
export async function missingPackages(
  { host, processes }: Context,
  packages: readonly string[],
): Promise<readonly string[]> {
  if (packages.length === 0 || findProgram("dpkg-query", host.environment["PATH"]) === undefined) return [];
  const names = [...new Set(packages)];
  // It exits with status 1 for an unknown package, but lists the known ones.
  const { stdout } = await processes.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\\n", ...names], {
    whole: true,
  });
  const installed = new Set(
    stdout
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return names.filter((name) => !installed.has(name));
}

async function install(
  context: Context,
  asRoot: AsRoot,
  missing: readonly string[],
  patienceMs: number,
): Promise<void> {
  const start = performance.now();
  const proxies = proxySettings(context.host.environment);
  const aptGet = (...args: string[]): Promise<Outcome> => {
    const commandWith = (settings: readonly string[]) =>
      asRoot(
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "LC_ALL=C",
        // apt and dpkg start others by it, and not every sudo sets it.
        /* promise: apt-has-the-systems-path */ `PATH=${systemPath(context.host)}`,
        ...settings,
        systemProgram(context.host, "apt-get") ?? "apt-get",
        ...options,
        ...args,
      );
    return whenUnlocked(context, patienceMs, async () => {
      // The address of a proxy can contain a password, and a failed command is shown.
      return {
        ...(await context.processes.run(commandWith(proxies))),
        argv: commandWith(/* promise: commands-show-no-proxy */ []),
      };
    });
  };
  const args = ["install", "--yes", "--no-install-recommends", ...missing];
  // The lists of hosted images are often recent enough, and an update takes longer than most installs.
  const first = await aptGet(...args);
  if (first.exitCode !== 0) {
    succeed(await aptGet("update"), "updating the list of system packages");
    succeed(await aptGet(...args), `installing ${missing.join(" ")}`);
  }
  context.log.fact("system", `installed ${missing.join(" ")} in ${seconds(performance.now() - start)}`);
}

/** sudo drops them by default: sudoers(5), env_reset. */
function proxySettings(environment: Readonly<Record<string, string | undefined>>): string[] {
  const names = ["http_proxy", "https_proxy", "no_proxy"];
  return [...names, ...names.map((name) => name.toUpperCase())].flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
}

/** Retries, because mirrors fail now and then. */
const options = ["-q", "-o", "Acquire::Retries=3"];

/**
 * Runs apt again until no other program holds its locks. Not by its option DPkg::Lock::Timeout, which covers only one
 * of the three locks and does not show the holder.
 */
async function whenUnlocked({ log }: Context, patienceMs: number, run: () => Promise<Outcome>): Promise<Outcome> {
  const start = performance.now();
  for (let isLogged = false; ; isLogged = true) {
    const outcome = await run();
    const held = outcome.exitCode === 0 ? undefined : heldLock(outcome.stderr);
    if (held === undefined) return outcome;
    const waitedMs = performance.now() - start;
    if (waitedMs >= patienceMs) {
      throw new Problem(`cannot install system packages: another program has used apt for ${seconds(waitedMs)}`, {
        found: `${held.holder} holds ${held.lock}`,
        do: "run this again when it has ended, or install the packages in an earlier step",
        again: outcome.argv.join(" "),
      });
    }
    if (!isLogged) log.line(`  waiting for ${held.holder}, which holds ${held.lock}`);
    await sleep(Math.min(lockPollMs, patienceMs));
  }
}

/** @param stderr of apt-get, in English. */
export function heldLock(stderr: string): { readonly lock: string; readonly holder: string } | undefined {
  const [, lock, pid, name] =
    /Could not get lock (\S+?)\.?(?:\s+(?:It is held by process (\d+) \((.{0,64}?)\)|-)|$)/m.exec(stderr) ?? [];
  if (lock !== undefined)
    return { lock, holder: pid === undefined ? "another program" : `process ${pid} (${name ?? ""})` };
  // dpkg's own lock, when another program took it before the dpkg that apt has started.
  const dpkg = /^dpkg: error: .* locked by another process(?: with pid (\d+))?/m.exec(stderr);
  return dpkg === null
    ? undefined
    : { lock: "the lock of dpkg", holder: dpkg[1] === undefined ? "another program" : `process ${dpkg[1]}` };
}
