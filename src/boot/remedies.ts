/** Why a VMM could not run an image, and what a person can do: matched against the VMM's own line. */
const remedies: readonly { readonly pattern: RegExp; readonly remedy: string }[] = [
  {
    // https://github.com/urunc-dev/urunc/issues/648: two system call filters on top of each other.
    pattern: /seccomp/i,
    remedy:
      "containers with a system call filter of their own do not let the tender install its own: run the job outside of a container, or give it `--security-opt seccomp=unconfined`",
  },
  {
    pattern: /declared but not attached|declared devices must be attached/,
    remedy: "the image’s manifest asks for a device that it was not given: see the inputs `net` and `block`",
  },
  {
    pattern: /[Cc]ould not attach interface|\/dev\/net\/tun|could not configure \/dev\/net\/tun/,
    remedy: "the network interface could not be used: `net: user` needs no rights",
  },
  {
    pattern: /Could not open block device|Could not determine capacity/,
    remedy: "see the files that the input `block` names",
  },
  {
    pattern:
      /unsupported machine type|[Ii]nvalid (?:parameter|option)|Parameter '.*' is unexpected|unable to find CPU model|is not a valid device model|Property '.*' not found/,
    remedy: "this QEMU does not know an option that it needs: install the one of a newer distribution (6.2 and newer)",
  },
  {
    pattern: /not for the solo5-\w+ target|unsupported ABI version|invalid (?:or unsupported )?executable|No Solo5 ABI/,
    remedy:
      "the tender does not take this image: compare its version with that of the solo5 which the image was linked with, and `memory` with what it needs",
  },
  { pattern: /^loader: .*memory/, remedy: "give it more `memory`" },
  {
    pattern: /[Cc]annot (?:set up guest memory|allocate)/,
    remedy: "this machine has less free memory than the guest was given: set `memory` lower",
  },
];

/**
 * What a person can do about a VMM that could not run an image.
 *
 * @param line what the VMM said; undefined when it said nothing.
 * @returns undefined when nothing is known about such a line.
 */
export function vmmRemedy(line: string | undefined): string | undefined {
  return line === undefined ? undefined : remedies.find(({ pattern }) => pattern.test(line))?.remedy;
}
