import { expect, test } from "vitest";
import { vmmRemedy } from "../../../../src/boot/judge/decision.js";

test.each([
  ["solo5-hvt: seccomp(SECCOMP_SET_MODE_FILTER) failed: Invalid argument", /container/],
  ["solo5-spt: Device 'service' of type NET_BASIC declared but not attached.", /inputs `net` and `block`/],
  ["solo5-hvt: Could not attach interface: tap0: No such device", /`net: user`/],
  ["qemu-system-x86_64: could not configure /dev/net/tun (tap0): Operation not permitted", /`net: user`/],
  ["solo5-spt: Could not open block device: disk.img: Permission denied", /input `block`/],
  ["qemu-system-aarch64: unsupported machine type", /QEMU 6\.2 or newer/],
  ["qemu-system-x86_64: -cpu max: unable to find CPU model 'max'", /QEMU 6\.2 or newer/],
  ["qemu-system-x86_64: -chardev socket,id=qmp,fd=3: Invalid parameter 'fd'", /QEMU 6\.2 or newer/],
  ["qemu-system-x86_64: -netdev user,id=net0,ipv6=off: Parameter 'ipv6' is unexpected", /QEMU 6\.2 or newer/],
  ["qemu-system-x86_64: -no-user-config: invalid option", /QEMU 6\.2 or newer/],
  ["solo5-hvt: hello.exe: Executable is not for the solo5-hvt target", /version/],
  ["qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory", /lower `memory`/],
  [
    "xc: error: panic: xg_dom_hvmloader.c:110: xc_dom_parse_hvm_kernel: ELF image is not 32bit: Invalid kernel",
    /PVH entry/,
  ],
])("a refusal has its remedy: %s", (line, remedy) => {
  expect(vmmRemedy(line)).toMatch(remedy);
});

test("an unknown line has none, and neither has silence", () => {
  expect(vmmRemedy("qemu-system-x86_64: Unexpected error")).toBeUndefined();
  expect(vmmRemedy(undefined)).toBeUndefined();
});
