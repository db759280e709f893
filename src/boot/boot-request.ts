import { checkImage } from "../image/check.js";
import type { Image } from "../image/image.js";
import type { AddressArgument } from "../image/mirage-arguments.js";
import type { Architecture } from "../target/architecture.js";
import type { Target } from "../target/target.js";
import { toldAddress } from "./devices/addresses.js";
import type { DeviceQuestion } from "./devices/device-plan.js";
import type { AskedDisk, AskedNetwork } from "./devices/device-text.js";
import type { AttachedDevice } from "./devices/devices.js";
import { type Expectations, type Guest, checkExpectations } from "./judge/rules.js";
import type { BootPlaces, PlanRequest } from "./plan-request.js";
import type { Preparation } from "./prepare.js";
import { needsTap, portsOf } from "./probes/probe.js";
import { asSelfTest } from "./self-test.js";

export interface BootRequest extends Expectations, Preparation {
  /** Name of the scenario; absent when the image is booted once. */
  readonly scenario?: string;
  /** Absolute path. */
  readonly imagePath: string;
  readonly image: Image;
  readonly target: Target;
  readonly architecture: Architecture;
  readonly boot: "auto" | "required" | "skip";
  readonly accelerator: PlanRequest["accelerator"];
  readonly check: "boot" | "help";
  readonly args: readonly string[];
  readonly net: AskedNetwork;
  readonly block: readonly AskedDisk[];
  /** MiB */
  readonly memory: number;
}

/** What is booted, as far as its rules depend on it. */
export function guestOf({ target, image }: Pick<BootRequest, "target" | "image">): Guest {
  return { target, isMarked: image.system.kind !== "unmarked" };
}

/**
 * What can be told of a boot before anything is made for it: the request as it will be booted.
 *
 * @throws Problem for one that cannot be tried as asked.
 */
export function checkedRequest(asked: BootRequest): BootRequest {
  checkImage(asked.image, asked.target.name, asked.architecture);
  const request = asked.check === "help" ? asSelfTest(asked, guestOf(asked)) : asked;
  checkExpectations(request, guestOf(asked));
  return request;
}

/** @param known the arguments of its address that the image takes. */
export function deviceQuestion(
  { image, target, net, block, probe, args }: BootRequest,
  known: readonly AddressArgument[],
): DeviceQuestion {
  return {
    manifest: image.system.kind === "solo5" ? image.system.devices : undefined,
    net,
    block,
    ports: portsOf(probe),
    isProcess: target.monitor === "process",
    needsTap: probe.some(needsTap),
    isAddressable: known.includes("ipv4"),
    told: toldAddress(args),
  };
}

export function planRequest(request: BootRequest, devices: readonly AttachedDevice[], places: BootPlaces): PlanRequest {
  const { imagePath, image, memory, args, architecture, target, accelerator } = request;
  return {
    imagePath,
    memoryMiB: memory,
    args,
    ownsArgv0: image.system.kind === "unikraft",
    devices,
    architecture,
    target,
    accelerator,
    places,
  };
}
