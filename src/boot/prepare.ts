import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { loaderFile } from "../platform/files/loader-file.js";
import type { Context } from "../platform/host.js";
import { isNestedAmd, kvmAccess, openKvm, readCpuInfo } from "../platform/kvm.js";
import { ensureSystemPackages } from "../platform/packages/apt.js";
import { downloadFirecracker } from "../platform/packages/firecracker-binary.js";
import { Problem } from "../platform/problem.js";
import { environmentForOthers } from "../platform/process/guarded-environment.js";
import { type MonitorProcess, startMonitor } from "../platform/process/monitor-process.js";
import { quote } from "../platform/process/process.js";
import { findProgram } from "../platform/process/programs.js";
import type { ToolchainCache } from "../platform/runner/actions-cache.js";
import { readHostSystem } from "../platform/system.js";
import { type Architecture, architectures } from "../target/architecture.js";
import type { AttemptPlan } from "./attempt-plan.js";
import { packRun } from "./carrier/pack.js";
import { carrierPlace } from "./carrier/place.js";
import { carrierProcess } from "./carrier/process.js";
import { findTender } from "./carrier/tender.js";
import { firecrackerConfig } from "./monitors/firecracker.js";
import type { BootPlaces, KvmAccess, MachineFacts, PlanRequest } from "./plan-request.js";
import { planBoot } from "./plan.js";
import type { Probe } from "./probes/probe.js";

/** What the preparation of a boot depends on, beside its plan. */
export interface Preparation {
  readonly target: { readonly name: string };
  readonly installSystemPackages: boolean;
  /** Where monitors are looked for: PATH, with the toolchain's folders in front. */
  readonly searchPath: string;
  /** Where carriers are kept beside the tool cache; absent: nowhere. */
  readonly carrierCache?: ToolchainCache | undefined;
  /** Where carriers are fetched from beside what this action publishes: platform/network/published.ts. */
  readonly mirror?: string | undefined;
}

/** Where the files of a boot will be: those of its own in `folder`, those of the machine in the tool cache. */
export async function placesFor({ host }: Context, folder: string): Promise<BootPlaces> {
  const system = await readHostSystem();
  const carrier = (architecture: Architecture) => carrierPlace(host.folders.toolCache, system, architecture);
  return {
    carriers: { x86_64: carrier("x86_64"), aarch64: carrier("aarch64") },
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
  preparation: Preparation,
  question: PlanRequest,
  look = kvmAccess,
): Promise<MachineFacts> {
  const { architecture } = context.host;
  const cpuInfo = await readCpuInfo();
  const tenders = architectures.filter(
    // The host's own tender is the toolchain's: without it there is no way at all, and that is told when it is missed.
    (candidate) =>
      candidate === architecture ||
      findTender("solo5-spt", candidate, architecture, preparation.searchPath) !== undefined,
  );
  const factsWith = (kvm: KvmAccess): MachineFacts => ({
    architecture,
    kvm,
    isNestedAmd: isNestedAmd(cpuInfo),
    tenders,
  });
  const { attempts } = planBoot(question, factsWith(look()));
  // Only QEMU's package touches /dev/kvm; what else is missing is told when its turn comes.
  const qemu = attempts.find(({ debianPackage, accelerator }) => debianPackage !== undefined && accelerator === "kvm");
  if (qemu !== undefined) await ensureMonitor(context, qemu, preparation);
  const wantsKvm = planBoot(question, factsWith("open")).attempts.some(({ accelerator }) => accelerator === "kvm");
  return factsWith(wantsKvm ? await openKvm(context, look) : look());
}

/**
 * Makes sure of what runs an attempt.
 *
 * @returns the folders to look for its program in.
 * @throws Problem when it cannot be had.
 */
export async function ensureMonitor(context: Context, attempt: AttemptPlan, preparation: Preparation): Promise<string> {
  const { installSystemPackages, carrierCache, mirror } = preparation;
  const found = await programPath(context, attempt, preparation);
  if (attempt.inside !== undefined) {
    // Few boots need one.
    const { ensureCarrier } = await import("./carrier/ensure.js");
    const { publishedCarriers } = await import("./carrier/published.js");
    const published = publishedCarriers(context.log, mirror);
    await ensureCarrier(context, attempt.inside.architecture, {
      install: installSystemPackages,
      published,
      ...(carrierCache && { cache: carrierCache }),
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
  { probe, installSystemPackages }: Pick<Preparation, "installSystemPackages"> & { readonly probe: readonly Probe[] },
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

async function programPath(context: Context, attempt: AttemptPlan, preparation: Preparation): Promise<string> {
  const { searchPath } = preparation;
  const [program] = attempt.argv;
  if (findProgram(program, searchPath) !== undefined) return searchPath;
  if (attempt.monitor === "firecracker") {
    return dirname(await downloadFirecracker(context, join(context.host.folders.toolCache, "firecracker")));
  }
  if (attempt.monitor === "process") {
    throw new Problem(`${basename(program)} is not executable`, {
      because: "a file loses that permission in an artifact or a download",
      do: `chmod +x ${quote(program)}`,
    });
  }
  if (attempt.debianPackage !== undefined && preparation.installSystemPackages) {
    await ensureSystemPackages(context, [attempt.debianPackage], { install: true });
    if (findProgram(program, searchPath) !== undefined) return searchPath;
  }
  throw new Problem(`${program} is not installed, and ${preparation.target.name} images are booted by it`, {
    do:
      attempt.debianPackage === undefined
        ? "install the opam package solo5, which `unikernel-ci setup` installs"
        : `apt-get install ${attempt.debianPackage}`,
  });
}

/** Makes the files that an attempt needs, and starts its monitor. */
export async function startAttempt(
  context: Context,
  attempt: AttemptPlan,
  { request, searchPath }: { readonly request: PlanRequest; readonly searchPath: string },
): Promise<MonitorProcess> {
  const environment = { ...environmentForOthers(context.host.environment), PATH: searchPath };
  if (attempt.monitor === "firecracker") {
    await writeFile(request.places.firecrackerConfig, JSON.stringify(firecrackerConfig(request)));
  }
  if (attempt.inside === undefined) return startMonitor(attempt.argv, environment, attempt.monitor === "qemu" ? 1 : 0);
  const { imagePath, devices, places } = request;
  const carrier = places.carriers[attempt.inside.architecture];
  await packRun(context, carrier, { run: attempt.inside, imagePath, devices, searchPath }, places.initrd);
  return carrierProcess(startMonitor(attempt.argv, environment, 2));
}
