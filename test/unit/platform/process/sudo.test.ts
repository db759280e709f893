import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../../../../src/platform/host.js";
import { becomeRoot, hasCapability } from "../../../../src/platform/process/sudo.js";

describe("a program that runs as root", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
    for (const [place, names] of Object.entries({ workspace: ["sudo", "ip", "true"], system: ["sudo", "true"] })) {
      mkdirSync(join(folder, place));
      for (const name of names) writeFileSync(join(folder, place, name), "", { mode: 0o755 });
    }
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const become = (isRoot: boolean, system: string, exitCode = 0) => {
    const ran: (readonly string[])[] = [];
    const context = {
      host: { isRoot, environment: { PATH: join(folder, "workspace") }, systemFolders: [join(folder, system)] },
      processes: { run: (argv: readonly string[]) => (ran.push(argv), Promise.resolve({ exitCode })) },
    } as unknown as Context;
    return { asRoot: becomeRoot(context), ran };
  };

  it.each([true, false])("is the system’s, whatever is on PATH (by root: %s)", async (isRoot) => {
    writeFileSync(join(folder, "system/ip"), "", { mode: 0o755 });
    const { asRoot, ran } = become(isRoot, "system");
    const system = join(folder, "system");
    const prefix = isRoot ? [] : [`${system}/sudo`, "-n"];
    expect((await asRoot)?.("ip", "link")).toEqual([...prefix, `${system}/ip`, "link"]);
    expect(ran).toEqual(isRoot ? [] : [[...prefix, `${system}/true`]]);
  });

  it("is not taken from PATH where the system has none", async () => {
    const asRoot = await become(true, "system").asRoot;
    expect(() => asRoot?.("ip", "link")).toThrow("ip is not installed");
    expect(await become(false, "none").asRoot).toBeUndefined();
  });

  it("is none where sudo asks for a password", async () => {
    expect(await become(false, "system", 1).asRoot).toBeUndefined();
  });
});

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
