import { expect, it } from "vitest";
import { bootsOn } from "../../../src/matrix/leg.js";
import type { Architecture } from "../../../src/targets/architecture.js";
import { type TargetName, targets } from "../../../src/targets/targets.js";

const cases: readonly [TargetName, Architecture, Architecture, string][] = [
  ["hvt", "x86_64", "x86_64", "kvm or emulation"],
  ["hvt", "aarch64", "x86_64", "emulated"],
  ["spt", "aarch64", "aarch64", "native"],
  ["spt", "aarch64", "x86_64", "emulated"],
  ["virtio", "x86_64", "x86_64", "kvm or emulation"],
  ["virtio", "x86_64", "aarch64", "emulated"],
  ["unikraft-qemu", "aarch64", "x86_64", "emulated"],
  ["unikraft-firecracker", "x86_64", "x86_64", "kvm or emulation"],
  ["unikraft-firecracker", "aarch64", "aarch64", "kvm"],
  ["unikraft-firecracker", "aarch64", "x86_64", "no: it boots only on aarch64 machines with KVM"],
  ["unix", "x86_64", "x86_64", "native"],
  ["unix", "aarch64", "x86_64", "no: it runs only on aarch64 machines"],
  [
    "muen",
    "x86_64",
    "x86_64",
    "no: that needs a Muen separation kernel system with the image as a subject, on a processor with Intel’s VT-x, " +
      "which QEMU does not emulate",
  ],
];

it.each(cases)("%s for %s boots on %s: %s", (target, architecture, machine, boots) => {
  expect(bootsOn(targets[target], architecture, machine)).toBe(boots);
});
