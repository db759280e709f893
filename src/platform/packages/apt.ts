import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../host.js";
import { seconds } from "../log.js";
import { Problem } from "../problem.js";
import { type Outcome, succeed } from "../process/process.js";
import { findProgram } from "../process/programs.js";
import { rootPrefix } from "../process/sudo.js";

export interface InstallOptions {
  readonly install: boolean;
  /** How long another program may hold a lock of apt or dpkg; default: {@link lockMs}. */
  readonly lockMs?: number;
}

/** unattended-upgrades of a machine that has just started takes a while. */
const lockMs = 120_000;
const lockPollMs = 2_000;

/**
 * Sees to it that Debian packages are there: only what is missing is installed, root's rights are used only for that.
 *
 * @throws Problem with the command to run, where we may not install or cannot become root; with its holder where apt stays
 *   locked.
 */
export async function ensureSystemPackages(
  context: Context,
  packages: readonly string[],
  options: InstallOptions,
): Promise<void> {
  const { host, log } = context;
  if (findProgram("dpkg-query", host.environment["PATH"]) === undefined) {
    log.notice(`not a Debian or Ubuntu system: it is not checked that it has ${packages.join(" ")} (Debian's names)`);
    return;
  }
  const missing = await missingPackages(context, packages);
  // promise: present-packages-need-no-root
  if (missing.length === 0) return;
  const prefix = options.install ? await rootPrefix(context) : undefined;
  if (prefix === undefined) {
    throw new Problem(`system packages are missing: ${missing.join(" ")}`, {
      because: options.install
        ? "this user is not root and has no sudo without a password"
        : "`install-system-packages` is false",
      do: `sudo apt-get install ${missing.join(" ")}`,
    });
  }
  await install(context, prefix, missing, options.lockMs ?? lockMs);
}

/** Those of the Debian packages that are not installed; none on another system. */
export async function missingPackages(
  { host, processes }: Context,
  packages: readonly string[],
): Promise<readonly string[]> {
  if (packages.length === 0 || findProgram("dpkg-query", host.environment["PATH"]) === undefined) return [];
  const names = [...new Set(packages)];
  // It ends with status 1 when it does not know one of them; what it knows it lists all the same.
  const { stdout } = await processes.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\\n", ...names]);
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
  prefix: readonly string[],
  missing: readonly string[],
  patienceMs: number,
): Promise<void> {
  const start = performance.now();
  const proxies = proxySettings(context.host.environment);
  const aptGet = (...args: string[]): Promise<Outcome> => {
    const commandWith = (settings: readonly string[]) => [
      ...prefix,
      "env",
      "DEBIAN_FRONTEND=noninteractive",
      "LC_ALL=C",
      ...settings,
      "apt-get",
      ...options,
      ...args,
    ];
    const [program = "", ...rest] = commandWith(proxies);
    return whenUnlocked(context, patienceMs, async () => {
      // A proxy's address may carry a password, and a failed command is shown.
      return {
        ...(await context.processes.run([program, ...rest])),
        argv: commandWith(/* promise: commands-show-no-proxy */ []),
      };
    });
  };
  const args = ["install", "--yes", "--no-install-recommends", ...missing];
  // Hosted images come with lists that are often young enough, and an update takes longer than most installs.
  const first = await aptGet(...args);
  if (first.exitCode !== 0) {
    succeed(await aptGet("update"), "updating the list of system packages");
    succeed(await aptGet(...args), `installing ${missing.join(" ")}`);
  }
  context.log.fact("system", `installed ${missing.join(" ")} in ${seconds(performance.now() - start)}`);
}

/** sudo keeps none of them by itself: sudoers(5), env_reset. */
function proxySettings(environment: Readonly<Record<string, string | undefined>>): string[] {
  const names = ["http_proxy", "https_proxy", "no_proxy"];
  return [...names, ...names.map((name) => name.toUpperCase())].flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
}

/** Mirrors fail now and then. */
const options = ["-q", "-o", "Acquire::Retries=3"];

/**
 * Runs apt again until nobody else holds its locks. Not by its own option DPkg::Lock::Timeout, which is for one of its
 * three locks only, and by which nobody sees what is waited for.
 */
async function whenUnlocked({ log }: Context, patienceMs: number, run: () => Promise<Outcome>): Promise<Outcome> {
  const start = performance.now();
  for (let isTold = false; ; isTold = true) {
    const outcome = await run();
    const held = outcome.exitCode === 0 ? undefined : heldLock(outcome.stderr);
    if (held === undefined) return outcome;
    const waitedMs = performance.now() - start;
    if (waitedMs >= patienceMs) {
      throw new Problem(`no system package can be installed: another program has used apt for ${seconds(waitedMs)}`, {
        found: `${held.holder} holds ${held.lock}`,
        do: "run this again when it has ended; or install the packages in a step of your own",
        again: outcome.argv.join(" "),
      });
    }
    if (!isTold) log.line(`  waiting for ${held.holder}, which holds ${held.lock}`);
    await sleep(Math.min(lockPollMs, patienceMs));
  }
}

/** @param stderr of apt-get, in English. */
export function heldLock(stderr: string): { readonly lock: string; readonly holder: string } | undefined {
  const [, lock, pid, name] =
    /Could not get lock (\S+?)\.?(?:\s+(?:It is held by process (\d+) \((.*?)\)|-)|$)/m.exec(stderr) ?? [];
  if (lock !== undefined)
    return { lock, holder: pid === undefined ? "another program" : `process ${pid} (${name ?? ""})` };
  // dpkg's own, when somebody was faster than the dpkg that apt has started.
  const dpkg = /^dpkg: error: .* locked by another process(?: with pid (\d+))?/m.exec(stderr);
  return dpkg === null
    ? undefined
    : { lock: "the lock of dpkg", holder: dpkg[1] === undefined ? "another program" : `process ${dpkg[1]}` };
}
