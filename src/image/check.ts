import { Problem } from "../platform/problem.js";
import type { Architecture } from "../targets/architecture.js";
import { type ImageFormat, type Target, type TargetName, targetNames, targets } from "../targets/targets.js";
import type { Image } from "./image.js";

/**
 * The target that the marks of an image name; the first, where several share an image (`qubes` boots a `xen` image).
 * For a kernel without marks: the first target whose VMM loads a file of this format.
 *
 * @returns undefined when no target's VMM loads it.
 */
export function targetOf(image: Image): TargetName | undefined {
  return (
    targetNames.find((name) => carriesMarkOf(image, targets[name])) ??
    targetNames.find((name) => isImageFor(image, name, image.architecture))
  );
}

/** Whether an image is one for the target `name` on `architecture`. */
export function isImageFor(image: Image, name: TargetName, architecture: Architecture): boolean {
  const target = targets[name];
  return (
    image.architecture === architecture &&
    hasFormatOf(image, target) &&
    (carriesMarkOf(image, target) || isBareImageOf(image, target))
  );
}

/**
 * @param name the name of the file in the error.
 * @throws Problem that describes the image, when it is not one for `target` on `architecture`.
 */
export function checkImage(image: Image, target: TargetName, architecture: Architecture, name = "the image"): void {
  if (isImageFor(image, target, architecture)) return;
  throw new Problem(
    `${name} is ${whatImageIs(image)}, not ${target} for ${architecture}`,
    remedyOf(image, target, architecture),
  );
}

/** An image in one line: `Solo5 hvt (ABI 2), x86_64; needs net "service", block "storage"`. */
export function describeImage(image: Image): string {
  const devices = image.system.kind === "solo5" ? image.system.devices : [];
  const needs = devices.map(({ type, name }) => `${type} "${name}"`).join(", ");
  return `${kindOf(image)}, ${image.architecture}${needs === "" ? "" : `; needs ${needs}`}`;
}

/** What a toolchain makes for a target, as far as it is known before a build: devices are not. */
export function usualImage(target: Target, architecture: Architecture): Image {
  const format = target.formats?.[architecture] ?? "elf64";
  const { solo5Abi, unikraftPlatform, backend } = target;
  if (solo5Abi !== undefined)
    return { format, architecture, system: { kind: "solo5", abi: solo5Abi, abiVersion: 1, devices: [] } };
  if (unikraftPlatform !== undefined)
    return { format, architecture, system: { kind: "unikraft", platform: unikraftPlatform } };
  return { format, architecture, system: { kind: backend === "host" ? "process" : "unmarked" } };
}

function carriesMarkOf({ system }: Image, target: Target): boolean {
  switch (system.kind) {
    case "solo5":
      return target.solo5Abi === system.abi;
    case "unikraft":
      return target.unikraftPlatform === system.platform;
    case "process":
      return target.backend === "host";
    case "unmarked":
      return false;
  }
}

function hasFormatOf(image: Image, target: Target): boolean {
  const format = target.formats?.[image.architecture];
  return format === undefined || format === image.format;
}

/** A Linux boot Image has no room for a mark: any is accepted for a target whose images have that format. */
function isBareImageOf(image: Image, target: Target): boolean {
  return (
    image.system.kind === "unmarked" &&
    image.format === "linux-image" &&
    target.formats?.[image.architecture] === "linux-image"
  );
}

function remedyOf(image: Image, target: TargetName, architecture: Architecture): { do: string; found?: string } {
  const name = targetOf(image);
  if (name !== undefined && isImageFor(image, name, image.architecture)) {
    return {
      do: `set \`target: ${name}\` and \`arch: ${image.architecture}\`, or build it for ${target} on ${architecture}`,
    };
  }
  if (name === target && image.architecture === architecture) {
    const format = targets[target].formats?.[architecture] ?? image.format;
    return {
      found: `${formatNames[image.format]}; its VMM loads ${formatNames[format]}`,
      do: "use the image next to it, without the suffix .dbg",
    };
  }
  return { do: `build it for ${target} on ${architecture}` };
}

const formatNames: Readonly<Record<ImageFormat, string>> = {
  elf32: "a 32-bit ELF file",
  elf64: "a 64-bit ELF file",
  "linux-image": "a Linux boot Image",
};

/** An image inside a sentence: `a Solo5 spt image for aarch64`. */
export function whatImageIs(image: Image): string {
  const kind = kindOf(image).replace(/ \([^()]*\)$/, "");
  const noun = image.system.kind === "solo5" || image.system.kind === "unikraft" ? `${kind} image` : kind;
  return article(`${noun} for ${image.architecture}`);
}

function kindOf({ system, format }: Image): string {
  switch (system.kind) {
    case "solo5": {
      const name = targetNames.find((one) => targets[one].solo5Abi === system.abi);
      return name === undefined
        ? `Solo5 target number ${system.abi} (unknown)`
        : `Solo5 ${name} (ABI ${system.abiVersion})`;
    }
    case "unikraft":
      return `Unikraft ${system.platform}${system.version === undefined ? "" : ` (${system.version})`}`;
    case "process":
      return "Linux executable";
    case "unmarked":
      return format === "linux-image" ? "Linux boot Image" : "kernel without the marks of Solo5 or Unikraft";
  }
}

const article = (phrase: string) => (/^[aeio]/i.test(phrase) ? `an ${phrase}` : `a ${phrase}`);
