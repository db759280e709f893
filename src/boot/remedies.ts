const newerQemu = "this QEMU lacks an option that the boot needs: install QEMU 6.2 or newer";

const remedies: readonly { readonly pattern: RegExp; readonly remedy: string }[] = [
  {
    // https://github.com/urunc-dev/urunc/issues/648
    pattern: /seccomp/i,
    remedy:
      "the container’s system call filter blocks the tender’s own: " +
      "run the job outside a container, or with `--security-opt seccomp=unconfined`",
  },
  {
    pattern: /declared but not attached|declared devices must be attached/,
    remedy: "the image’s manifest declares a device that was not attached: see the inputs `net` and `block`",
  },
  {
    pattern: /[Cc]ould not attach interface|\/dev\/net\/tun|could not configure \/dev\/net\/tun/,
    remedy: "the network interface could not be used; `net: user` needs no privileges",
  },
  {
    pattern: /Could not open block device|Could not determine capacity/,
    remedy: "check the files that the input `block` names",
  },
  {
    pattern: /unsupported machine type|[Ii]nvalid (?:parameter|option)|Parameter '.*' is unexpected/,
    remedy: newerQemu,
  },
  {
    pattern: /unable to find CPU model|is not a valid device model|Property '.*' not found/,
    remedy: newerQemu,
  },
  {
    pattern: /not for the solo5-\w+ target|unsupported ABI version|invalid (?:or unsupported )?executable|No Solo5 ABI/,
    remedy:
      "the tender rejected this image: check that its version is the solo5 that the image was linked with, " +
      "and that `memory` is enough",
  },
  { pattern: /^loader: .*memory/, remedy: "increase `memory`" },
  {
    pattern: /[Cc]annot (?:set up guest memory|allocate)/,
    remedy: "this machine has less free memory than the guest was given: lower `memory`",
  },
];

/** @param line of a VMM that could not run an image. */
export function vmmRemedy(line: string | undefined): string | undefined {
  return line === undefined ? undefined : remedies.find(({ pattern }) => pattern.test(line))?.remedy;
}
