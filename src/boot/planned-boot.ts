import type { Context } from "../platform/host.js";
import { isNestedAmd, kvmAccess, readCpuInfo } from "../platform/kvm.js";
import { seconds } from "../platform/log.js";
import { findProgram } from "../platform/process/programs.js";
import type { Architecture } from "../targets/architecture.js";
import { type BootRequest, checkedRequest, guestOf } from "./boot-request.js";
import { isWhole } from "./helper-vm/published.js";
import { rulesFor } from "./judge/rules.js";
import { planBoot } from "./plan.js";
import { placesFor } from "./prepare.js";
import { type AttemptPlan, type BootPlaces, describeAttempt, helperVmFor } from "./vmms/vmm.js";

/** How an image would be booted. */
export interface PlannedBoot {
  /** Best first: the next is tried when the accelerator of the one before fails. Empty: it would not be booted. */
  readonly ways: readonly PlannedWay[];
  /** Why it would not be booted; absent where it would. */
  readonly refusal?: string;
  /** What it has to do to pass, as phrases: `answers …`. */
  readonly passes: readonly string[];
  /** The time that it has for that, in milliseconds. */
  readonly withinMs: number;
}

export interface PlannedWay {
  /** `solo5-hvt with KVM` */
  readonly words: string;
  /** What would be installed or made for it first, as a phrase: `apt would install qemu-system-x86`. */
  readonly needs?: string;
}

/**
 * Plans the boot of an image that need not exist. Starts and installs nothing: whether KVM runs guests shows only when
 * it is tried.
 *
 * @param asked its image as the toolchain would make it.
 * @param tenders the architectures whose tenders the toolchain brings.
 * @throws Problem when it cannot be booted as asked.
 */
export async function plannedBoot(
  context: Context,
  asked: BootRequest,
  tenders: readonly Architecture[],
): Promise<PlannedBoot> {
  const request = checkedRequest(asked);
  const { host } = context;
  const places = await placesFor(context, host.folders.temporary);
  const site = { imagePath: request.imagePath, args: request.args, devices: [], places };
  const machine = {
    architecture: host.architecture,
    kvm: kvmAccess(),
    isNestedAmd: isNestedAmd(await readCpuInfo()),
    tenders: [...new Set([host.architecture, ...tenders])],
  };
  const { attempts, otherwise } = planBoot(request, site, machine);
  const [first] = attempts;
  const none = { ways: [], passes: [], withinMs: 0 };
  if (request.boot === "skip") return { ...none, refusal: "`boot: skip`" };
  if (first === undefined) return { ...none, refusal: otherwise.summary };
  return { ways: attempts.map((attempt) => wayOf(attempt, request, places)), ...passing(request, first) };
}

function wayOf(attempt: AttemptPlan, request: BootRequest, places: BootPlaces): PlannedWay {
  const { argv, debianPackage, inside } = attempt;
  const isThere = debianPackage === undefined || findProgram(argv[0], request.searchPath) !== undefined;
  const needs = [
    ...(isThere ? [] : [`apt would install ${debianPackage}`]),
    ...(inside === undefined || isWhole(places.helperVms[helperVmFor(inside)]) ? [] : ["the helper VM would be made"]),
  ];
  return { words: describeAttempt(attempt), ...(needs.length === 0 ? {} : { needs: needs.join(", ") }) };
}

function passing(
  request: BootRequest,
  { program: vmm, accelerator, inside }: AttemptPlan,
): Pick<PlannedBoot, "passes" | "withinMs"> {
  const { until, expect, probes, expectExit, settleMs, timeoutMs } = rulesFor(request, guestOf(request), {
    ...{ vmm, accelerator, mayFallBack: false },
    inHelperVm: inside !== undefined,
  });
  const asked = [
    ...expect.map(({ source }) => `prints a line that matches \`${source}\``),
    ...probes.map((text) => `answers \`${text}\``),
    ...(expectExit === undefined ? [] : [`exits with status ${expectExit}`]),
  ];
  const runs = `runs for ${seconds(settleMs)} without a failure`;
  const usual = { exit: "exits with status 0", running: runs, auto: `exits with status 0 or ${runs}`, expect: runs };
  return { passes: asked.length === 0 ? [usual[until]] : asked, withinMs: timeoutMs };
}
