import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { loaderFile } from "../platform/files/own-repository.js";
import type { Context } from "../platform/host.js";
import { isNestedAmd, kvmAccess, openKvm, readCpuInfo } from "../platform/kvm.js";
import { ensureSystemPackages } from "../platform/packages/apt.js";
import { Problem } from "../platform/problem.js";
import { environmentForOthers } from "../platform/process/guarded-environment.js";
import { findProgram } from "../platform/process/programs.js";
import { type VmmProcess, startVmm } from "../platform/process/vmm-process.js";
import { readHostSystem } from "../platform/system.js";
import { type Architecture, architectures } from "../targets/architecture.js";
import type { BootRequest } from "./boot-request.js";
import { packRun, findTender } from "./helper-vm/pack.js";
import { helperVmPlace } from "./helper-vm/published.js";
import { helperVmProcess } from "./helper-vm/process.js";
import { planBoot } from "./plan.js";
import type { AttemptPlan, BootPlaces, BootSite, KvmAccess, MachineFacts } from "./vmms/vmm.js";
import { vmms } from "./vmms/vmms.js";

/** Where the files of a boot will be: those of its own in `folder`, those of the machine in the tool cache. */
export async function placesFor({ host }: Context, folder: string): Promise<BootPlaces> {
  const system = await readHostSystem();
  const helperVm = (architecture: Architecture) => helperVmPlace(host.folders.toolCache, system, architecture);
  return {
    helperVms: { x86_64: helperVm("x86_64"), aarch64: helperVm("aarch64") },
    initrd: join(folder, "initrd"),
    firecrackerConfig: join(folder, "firecracker.json"),
    loader: loaderFile(),
  };
}

/**
 * Looks at this machine. Where QEMU is to use KVM, it is made sure of first: installing it triggers udev, which sets the
 * permission of /dev/kvm anew.
 *
 * @throws Problem when QEMU cannot be had.
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
    // The host's own tender is the toolchain's: without it there is no way at all, and that is told when it is missed.
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
  // Only QEMU's package touches /dev/kvm; what else is missing is told when its turn comes.
  const qemu = attempts.find(({ debianPackage, accelerator }) => debianPackage !== undefined && accelerator === "kvm");
  if (qemu !== undefined) await ensureProgram(context, qemu, request);
  const wantsKvm = planBoot(request, site, factsWith("open")).attempts.some(({ accelerator }) => accelerator === "kvm");
  return factsWith(wantsKvm ? await openKvm(context, look) : look());
}

/**
 * Makes sure of what runs an attempt.
 *
 * @returns the folders to look for its program in.
 * @throws Problem when it cannot be had.
 */
export async function ensureProgram(context: Context, attempt: AttemptPlan, request: BootRequest): Promise<string> {
  const { installSystemPackages, helperVmCache, mirror } = request;
  const found = await programPath(context, attempt, request);
  if (attempt.inside !== undefined) {
    // Few boots need one.
    const { ensureHelperVm } = await import("./helper-vm/ensure.js");
    const { publishedHelperVms } = await import("./helper-vm/published.js");
    const published = publishedHelperVms(context.log, mirror);
    await ensureHelperVm(context, attempt.inside.architecture, {
      install: installSystemPackages,
      published,
      ...(helperVmCache && { cache: helperVmCache }),
    });
  }
  return found;
}

/**
 * Makes sure of the program that asks a guest, where one does, before the guest is there to be blamed.
 *
 * @throws Problem when there is none, or when it may not ask.
 */
export async function ensurePing(
  context: Context,
  { probe, installSystemPackages }: Pick<BootRequest, "probe" | "installSystemPackages">,
): Promise<void> {
  if (!probe.some(({ kind }) => kind === "ping")) return;
  const isThere = () => findProgram("ping", context.host.environment["PATH"]) !== undefined;
  if (!isThere() && installSystemPackages) await ensureSystemPackages(context, ["iputils-ping"], { install: true });
  const instead = "ask by `tcp://:PORT` instead";
  if (!isThere())
    throw new Problem("the probe ping needs the program ping, which is not installed", {
      do: ["sudo apt-get install iputils-ping", instead],
    });
  const { exitCode, stderr } = await context.processes.run(["ping", "-n", "-c", "1", "-W", "1", "127.0.0.1"]);
  // Silence is this host's own answer: it may be told not to answer itself.
  if (exitCode !== 0 && stderr.trim() !== "")
    throw new Problem("the probe ping cannot ask: ping does not work on this machine", {
      evidence: stderr.trim().split("\n"),
      do: ["let it open raw sockets (in a container: `--cap-add NET_RAW`)", instead],
    });
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
  throw new Problem(`${program} is not installed, and ${target.name} images are booted by it`, {
    do: `apt-get install ${debianPackage ?? program}`,
  });
}

/**
 * Makes the files that an attempt needs, and starts its VMM.
 *
 * @param searchPath where its program is looked for.
 */
export async function startAttempt(
  context: Context,
  attempt: AttemptPlan,
  { imagePath, devices, places }: BootSite,
  searchPath: string,
): Promise<VmmProcess> {
  const environment = { ...environmentForOthers(context.host.environment), PATH: searchPath };
  for (const { path, text } of attempt.files ?? []) await writeFile(path, text);
  const start = () => startVmm(attempt.argv, environment, attempt.channels);
  if (attempt.inside === undefined) return start();
  const files = places.helperVms[attempt.inside.architecture];
  await packRun(context, files, { run: attempt.inside, imagePath, devices, searchPath }, places.initrd);
  return helperVmProcess(start());
}
