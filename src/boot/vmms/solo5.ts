import { Problem } from "../../platform/problem.js";
import type { Tender } from "../../targets/targets.js";
import type { AttachedDevice } from "../devices/devices.js";
import { noKvm } from "./refusal.js";
import { type Asked, type BootSite, type Command, type Vmm, hasTaps } from "./vmm.js";

export const tenderAccelerators: Readonly<Record<Tender, "kvm" | "native">> = {
  "solo5-hvt": "kvm",
  "solo5-spt": "native",
};

const words: Readonly<Record<Tender, string>> = {
  "solo5-hvt": "solo5-hvt: with KVM on a machine of its architecture",
  "solo5-spt": "solo5-spt: on a machine of its architecture",
};

/** A Solo5 tender on this machine: `solo5-spt --mem=64 --net:service=tap0 -- IMAGE ARGS`. */
export function tender(name: Tender): Vmm {
  const accelerator = tenderAccelerators[name];
  return {
    program: name,
    words: words[name],
    accelerators: (architecture, machine) => (architecture === machine ? [accelerator] : []),
    takes: (_, site) => hasTaps(site),
    whyNot: (asked, _, machine, isEmulated) => (accelerator === "kvm" ? noKvm(asked, machine, isEmulated) : undefined),
    command: (asked, site) => ({
      argv: [name, ...tenderArgs(asked, site, site.imagePath, placeHere)],
      channels: 0,
    }),
    // Under KVM, gdb would see the tender and not its guest.
    ...(accelerator === "kvm"
      ? {
          dumped: (asked: Asked, site: BootSite): Command => ({
            argv: [
              `${name}-debug`,
              `--dumpcore=${site.places.dumps}`,
              ...tenderArgs(asked, site, site.imagePath, placeHere),
            ],
            channels: 0,
          }),
        }
      : {}),
    ...(accelerator === "native"
      ? {
          debugged: (asked: Asked, site: BootSite) => ({
            kind: "process" as const,
            argv: [name, ...tenderArgs(asked, site, site.imagePath, placeHere)] as const,
          }),
        }
      : {}),
    missing: (program, target) =>
      new Problem(`${program}, which boots ${target} images, is not installed`, {
        do: "run `unikernel-ci setup`, which installs the opam package solo5",
      }),
  };
}

/** @param placeOf a device's path or interface where the tender runs; undefined for one that it cannot use. */
export function tenderArgs(
  { memory }: Pick<Asked, "memory">,
  { args, devices }: Pick<BootSite, "args" | "devices">,
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
  return [
    `--mem=${memory}`,
    ...attached,
    /* promise: tender-options-end */ "--",
    image,
    ...(args.length === 0 ? [] : [commandLine(args)]),
  ];
}

function placeHere(device: AttachedDevice): string | undefined {
  if (device.type === "block") return device.path;
  return device.link.kind === "tap" ? device.link.interface : undefined;
}

/**
 * A guest's arguments as the one string that VMMs pass on. The guests split it again: Solo5's mirage-bootvar and
 * Unikraft's argument parser both keep double-quoted words together.
 */
export function commandLine(args: readonly string[]): string {
  return args
    .map((word) => (/^[^\s"\\]+$/.test(word) ? word : `"${word.replace(/["\\]/g, (mark) => `\\${mark}`)}"`))
    .join(" ");
}
