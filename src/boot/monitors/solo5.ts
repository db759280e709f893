import type { Tender } from "../../target/tender.js";
import type { AttemptPlan, MonitorRequest } from "../attempt-plan.js";
import type { AttachedDevice } from "../devices/devices.js";
import { commandLine } from "./command-line.js";

/** Runs a hvt or spt image with Solo5's own tender: `solo5-spt --mem=64 --net:service=tap0 -- IMAGE ARGS`. */
export function planTender(tender: Tender, accelerator: "kvm" | "native", request: MonitorRequest): AttemptPlan {
  return { monitor: tender, accelerator, argv: [tender, ...tenderArgs(request, request.imagePath, placeHere)] };
}

/**
 * The arguments of a tender.
 *
 * @param placeOf the path or the interface of a device where the tender runs; undefined for one that is none to it.
 */
export function tenderArgs(
  { memoryMiB, args, devices }: MonitorRequest,
  image: string,
  placeOf: (device: AttachedDevice) => string | undefined,
): string[] {
  const attached = devices.flatMap((device) => {
    const place = placeOf(device);
    if (place === undefined) return [];
    return [
      `--${device.type}:${device.name}=${place}`,
      ...(device.type === "net" ? [`--net-mac:${device.name}=${device.mac}`] : []),
    ];
  });
  return [`--mem=${memoryMiB}`, ...attached, "--", image, ...(args.length === 0 ? [] : [commandLine(args)])];
}

function placeHere(device: AttachedDevice): string | undefined {
  if (device.type === "block") return device.path;
  return device.link.kind === "tap" ? device.link.interface : undefined;
}
