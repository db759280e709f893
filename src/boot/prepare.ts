import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { loaderFile } from "../platform/files/own-repository.js";
import type { Context, Host } from "../platform/host.js";
import { isNestedAmd, kvmAccess, openKvm, readCpuInfo } from "../platform/kvm.js";
import { ensureSystemPackages } from "../platform/packages/apt.js";
import { whyNoIsolation } from "../platform/network/isolation.js";
import { whyNoTap } from "../platform/network/tap.js";
import { Problem, messageOf } from "../platform/problem.js";
import { environmentForOthers } from "../platform/process/guarded-environment.js";
import { findProgram } from "../platform/process/programs.js";
import { type VmmProcess, startVmm } from "../platform/process/vmm-process.js";
import { readHostSystem } from "../platform/system.js";
import { architectures } from "../targets/architecture.js";
import type { BootRequest } from "./boot-request.js";
import { needsIsolation } from "./devices/device-plan.js";
import { packRun, findTender } from "./helper-vm/pack.js";
import { packDomain } from "./helper-vm/pack-domain.js";
import { type HelperVmKind, helperVmPlace } from "./helper-vm/published.js";
import { helperVmProcess } from "./helper-vm/helper-process.js";
import { planBoot } from "./plan.js";
import {
  type AttemptPlan,
  type BootPlaces,
  type BootSite,
  type KvmAccess,
  type MachineFacts,
  helperVmFor,
} from "./vmms/vmm.js";
import { vmms } from "./vmms/vmms.js";

/** Where a boot's files will be: its own in `folder`, the machine's in the tool cache. */
export async function placesFor({ host }: Context, folder: string): Promise<BootPlaces> {
  const system = await readHostSystem();
  const helperVm = (kind: HelperVmKind) => helperVmPlace(host.folders.toolCache, system, kind);
  return {
    helperVms: { x86_64: helperVm("x86_64"), aarch64: helperVm("aarch64"), "xen-x86_64": helperVm("xen-x86_64") },
    initrd: join(folder, "initrd"),
    firecrackerConfig: join(folder, "firecracker.json"),
    loader: loaderFile(),
    secondConsole: join(folder, "second-console"),
    secondImage: join(folder, "second-image"),
    dumps: join(folder, "dumps"),
  };
}

/**
 * Looks at this machine. When QEMU will use KVM, QEMU is installed first: its package triggers udev, which resets the
 * permissions of /dev/kvm.
 *
 * @throws Problem when QEMU is unavailable.
 */
export async function lookAtMachine(
  context: Context,
  request: BootRequest,
  site: BootSite,
  look = kvmAccess,
): Promise<MachineFacts> {
  const { architecture } = context.host;
  const cpuInfo = await readCpuInfo();
  const tenders = architectures.filter(
    // The host's own tender is part of the toolchain; a missing one is reported when it is needed.
    (candidate) =>
      candidate === architecture || findTender("solo5-spt", candidate, architecture, request.searchPath) !== undefined,
  );
  const factsWith = (kvm: KvmAccess): MachineFacts => ({
    architecture,
    kvm,
    isNestedAmd: isNestedAmd(cpuInfo),
    tenders,
  });
  const { attempts } = planBoot(request, site, factsWith(look()));
  // Only QEMU's package touches /dev/kvm; other missing programs are reported when they are needed.
  const qemu = attempts.find(({ debianPackage, accelerator }) => debianPackage !== undefined && accelerator === "kvm");
  if (qemu !== undefined) await ensureProgram(context, qemu, request);
  const wantsKvm = planBoot(request, site, factsWith("open")).attempts.some(({ accelerator }) => accelerator === "kvm");
  return factsWith(wantsKvm ? await openKvm(context, look) : look());
}

/**
 * Makes sure that the program of an attempt is installed.
 *
 * @returns the search path that finds it.
 * @throws Problem when it is unavailable.
 */
export async function ensureProgram(context: Context, attempt: AttemptPlan, request: BootRequest): Promise<string> {
  const { installSystemPackages, helperVmCache, mirror } = request;
  const found = await programPath(context, attempt, request);
  if (attempt.inside !== undefined) {
    const { ensureHelperVm } = await import("./helper-vm/ensure.js");
    const { publishedHelperVms } = await import("./helper-vm/published.js");
    const published = publishedHelperVms(context.log, mirror);
    await ensureHelperVm(context, helperVmFor(attempt.inside), {
      install: installSystemPackages,
      published,
      ...(helperVmCache && { cache: helperVmCache }),
    });
  }
  return found;
}

/**
 * Makes sure that ping works when a probe needs it, before its failure could be blamed on the guest.
 *
 * @throws Problem when ping is not installed or may not open its socket.
 */
export async function ensurePing(
  context: Context,
  { probe, installSystemPackages }: Pick<BootRequest, "probe" | "installSystemPackages">,
): Promise<void> {
  if (!probe.some(({ kind }) => kind === "ping")) return;
  const isThere = () => findProgram("ping", context.host.environment["PATH"]) !== undefined;
  if (!isThere() && installSystemPackages) await ensureSystemPackages(context, ["iputils-ping"], { install: true });
  const instead = "probe `tcp://:PORT` instead";
  if (!isThere())
    throw new Problem("the probe ping needs the program ping, which is not installed", {
      do: ["sudo apt-get install iputils-ping", instead],
    });
  const { exitCode, stderr } = await context.processes.run(["ping", "-n", "-c", "1", "-W", "1", "127.0.0.1"]);
  // A failure without a message means no reply: this host may be configured not to answer itself.
  if (exitCode !== 0 && stderr.trim() !== "")
    throw new Problem("the probe ping cannot run: ping does not work on this machine", {
      evidence: stderr.trim().split("\n"),
      do: ["allow it to open raw sockets (in a container: `--cap-add NET_RAW`)", instead],
    });
}

const nftInstalled = new WeakMap<Host, Promise<void>>();

/**
 * Installs nft if a tap of the boot must be isolated, and tries that once. If it cannot be installed, the boot has no
 * such tap.
 */
export async function ensureIsolation(context: Context, request: BootRequest, lookForTap = whyNoTap): Promise<void> {
  if (!request.installSystemPackages || whyNoIsolation(context) === undefined || !needsIsolation(request)) return;
  if ((await lookForTap(context)) !== undefined) return;
  const { host, log } = context;
  const installed =
    nftInstalled.get(host) ??
    ensureSystemPackages(context, ["nftables"], { install: true }).catch((error: unknown) =>
      log.notice(`nftables could not be installed: ${messageOf(error)}`),
    );
  nftInstalled.set(host, installed);
  await installed;
}

async function programPath(context: Context, attempt: AttemptPlan, request: BootRequest): Promise<string> {
  const { searchPath, installSystemPackages, target } = request;
  const vmm = vmms[attempt.vmm];
  const [program] = attempt.argv;
  if (findProgram(program, searchPath) !== undefined) return searchPath;
  if (vmm.download !== undefined) return dirname(await vmm.download(context));
  if (vmm.missing !== undefined) throw vmm.missing(program, target.name);
  const { debianPackage } = attempt;
  if (debianPackage !== undefined && installSystemPackages) {
    await ensureSystemPackages(context, [debianPackage], { install: true });
    if (findProgram(program, searchPath) !== undefined) return searchPath;
  }
  throw new Problem(`${program}, which boots ${target.name} images, is not installed`, {
    do: `apt-get install ${debianPackage ?? program}`,
  });
}

/**
 * @param searchPath as {@link ensureProgram} returns it.
 * @param additional variables of the VMM's environment.
 */
export async function startAttempt(
  context: Context,
  attempt: AttemptPlan,
  { imagePath, devices, places }: BootSite,
  searchPath: string,
  additional: NodeJS.ProcessEnv = {},
): Promise<VmmProcess> {
  const environment = { ...environmentForOthers(context.host.environment), PATH: searchPath, ...additional };
  for (const { path, text } of attempt.files ?? []) await writeFile(path, text);
  const start = () => startVmm(attempt.argv, environment, attempt.channels);
  if (attempt.inside === undefined) return start();
  const { inside } = attempt;
  const files = places.helperVms[helperVmFor(inside)];
  await ("domain" in inside
    ? packDomain(files, { run: inside, imagePath, devices }, places.initrd)
    : packRun(context, files, { run: inside, imagePath, devices, searchPath }, places.initrd));
  return helperVmProcess(start());
}
