import { describe, expect, it } from "vitest";
import { hasCapability } from "../../../../src/platform/process/sudo.js";

/** Of root in a Docker container, which can read any file but make no interface and no mount. */
const docker = "Name:\tnode\nCapInh:\t0000000000000000\nCapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\n";
const machine = docker.replaceAll("00000000a80425fb", "000001ffffffffff");

describe("a capability", () => {
  it("is read from its bit in the given mask", () => {
    expect(hasCapability(machine, "CapEff", "netAdmin")).toBe(true);
    expect(hasCapability(machine, "CapBnd", "sysAdmin")).toBe(true);
    expect(hasCapability(docker, "CapEff", "netAdmin")).toBe(false);
    expect(hasCapability(docker, "CapBnd", "sysAdmin")).toBe(false);
    expect(hasCapability("CapEff:\t0000000000001000\nCapBnd:\t0000000000000000\n", "CapEff", "netAdmin")).toBe(true);
    expect(hasCapability("CapEff:\t0000000000001000\nCapBnd:\t0000000000000000\n", "CapBnd", "netAdmin")).toBe(false);
  });

  it("is missing when nothing is known about the process", () => {
    expect(hasCapability("", "CapEff", "netAdmin")).toBe(false);
  });
});
