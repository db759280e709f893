import { expect, test } from "vitest";
import { appletsIn, extraModules, kernelPackage, kernelParts } from "../../../../src/boot/helper-vm/make.js";
import { helperVmPlace } from "../../../../src/boot/helper-vm/published.js";
import { Problem } from "../../../../src/platform/problem.js";

test.each([
  ["debian 12", "x86_64", "linux-image-cloud-amd64"],
  ["debian 13", "aarch64", "linux-image-cloud-arm64"],
  ["debian 12", "xen-x86_64", "linux-image-amd64"],
  ["ubuntu 24.04", "xen-x86_64", "linux-image-virtual"],
  ["debian rolling", "aarch64", "linux-image-cloud-arm64"],
  ["ubuntu 24.04", "x86_64", "linux-image-virtual"],
  ["ubuntu 26.04", "aarch64", "linux-image-virtual"],
] as const)("on %s the kernel for %s comes by %s", (system, architecture, name) => {
  expect(kernelPackage(system, architecture)).toBe(name);
});

test("an unknown distribution is refused, with the known ones", () => {
  expect(() => kernelPackage("fedora 43", "x86_64")).toThrow(Problem);
});

test("the parts of a kernel are distinguished from other dependencies", () => {
  expect(kernelParts(["linux-image-6.1.0-56-cloud-amd64"])).toEqual(["linux-image-6.1.0-56-cloud-amd64"]);
  expect(kernelParts(["kmod", "linux-base", "linux-modules-6.8.0-45-generic", "linux-image-virtual"])).toEqual([
    "linux-modules-6.8.0-45-generic",
  ]);
});

test("Ubuntu packages the rarer modules of a kernel apart, Debian does not", () => {
  expect(extraModules(["linux-image-6.8.0-45-generic", "linux-modules-6.8.0-45-generic"])).toEqual([
    "linux-modules-extra-6.8.0-45-generic",
  ]);
  expect(extraModules(["linux-image-6.1.0-56-cloud-amd64"])).toEqual([]);
});

test("a helper VM has a place of its own for each system and architecture", () => {
  const place = helperVmPlace("/tools", "ubuntu 24.04", "aarch64");
  expect(place).toEqual({
    key: "unikernel-ci-carrier-2-ubuntu-24.04-aarch64",
    folder: "/tools/carriers/carrier-2-ubuntu-24.04-aarch64",
    kernel: "/tools/carriers/carrier-2-ubuntu-24.04-aarch64/kernel",
    initramfs: "/tools/carriers/carrier-2-ubuntu-24.04-aarch64/initramfs",
  });
  expect(helperVmPlace("/tools", "ubuntu 24.04", "x86_64").key).not.toBe(place.key);
  expect(helperVmPlace("/tools", "ubuntu 24.04", "xen-x86_64")).toMatchObject({
    key: "unikernel-ci-carrier-2-ubuntu-24.04-xen-x86_64",
    hypervisor: "/tools/carriers/carrier-2-ubuntu-24.04-xen-x86_64/hypervisor",
  });
  expect(helperVmPlace("/tools", "debian 12", "aarch64").key).not.toBe(place.key);
});

test("a busybox’s tools are those of its list, not any word in it", () => {
  const list = Array.from({ length: 200 }, (_, index) => `applet${index}\0`).join("");
  const busybox = Buffer.from(`\x7fELF\xff\0nice\0Usage: \0${list}[\0[[\0tunctl\0\xff\0renice\0`, "latin1");
  const tools = appletsIn(busybox);
  expect(tools).toEqual(expect.arrayContaining(["applet0", "applet199", "[", "tunctl"]));
  expect(tools).not.toContain("nice");
  expect(tools).not.toContain("renice");
});
