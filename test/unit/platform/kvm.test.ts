import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../../src/platform/host.js";
import { isNestedAmd, kvmAccess, openKvm } from "../../../src/platform/kvm.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("a device that opens for reading and writing is open", () => {
  writeFileSync(join(folder, "kvm"), "");
  expect(kvmAccess(join(folder, "kvm"))).toBe("open");
});

test("no device is absent", () => {
  expect(kvmAccess(join(folder, "kvm"))).toBe("absent");
});

test("a device file without a driver is absent, not denied", async () => {
  // Opening a socket's file gives ENXIO, like a device file without a driver.
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(folder, "kvm"), resolve));
  expect(kvmAccess(join(folder, "kvm"))).toBe("absent");
  await new Promise((resolve) => server.close(resolve));
});

// Root may open any file on a disk, but not a read-only value of the kernel.
test("a device that this user must not write is denied", () => {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) writeFileSync(join(folder, "kvm"), "", { mode: 0o400 });
  expect(kvmAccess(isRoot ? "/sys/devices/system/cpu/online" : join(folder, "kvm"))).toBe("denied");
});

describe("granting access to /dev/kvm", () => {
  const machine = (
    looks: ReturnType<typeof kvmAccess>[],
    options: { actions?: boolean; runner?: string; udev?: boolean; fails?: RegExp } = {},
  ) => {
    const ran: string[] = [];
    const facts: string[] = [];
    const programs = ["install", "rm", "chmod", ...(options.udev === true ? ["udevadm"] : [])];
    for (const name of programs) writeFileSync(join(folder, name), "", { mode: 0o755 });
    const context = {
      host: {
        isRoot: true,
        isGitHubActions: options.actions ?? true,
        environment: { RUNNER_ENVIRONMENT: options.runner ?? "github-hosted" },
        systemFolders: [folder],
        folders: { temporary: folder },
      },
      log: { fact: (_: string, text: string) => facts.push(text), line: (text: string) => facts.push(text) },
      processes: {
        run: ([program = "", ...args]: string[]) => {
          const argv = [basename(program), ...args];
          ran.push(argv[0] === "install" ? `install ${readFileSync(argv[3] ?? "", "utf8").trim()}` : argv.join(" "));
          return Promise.resolve({ exitCode: options.fails?.test(argv.join(" ")) === true ? 1 : 0 });
        },
      },
    } as unknown as Context;
    return {
      ran,
      facts,
      access: openKvm(
        context,
        () => looks.shift() ?? "denied",
        () => "0640",
      ),
    };
  };
  const install = 'install KERNEL=="kvm", MODE="0666", OPTIONS+="static_node=kvm"';
  const reload = ["udevadm control --reload-rules", "udevadm trigger --name-match=kvm", "udevadm settle --timeout=10"];

  test("a rule is tried first, and its success is told", async () => {
    const { ran, facts, access } = machine(["denied", "open"], { udev: true });
    expect(await access).toBe("open");
    expect(ran).toEqual([install, ...reload]);
    expect(facts).toEqual(["granted this user access to /dev/kvm (a udev rule)"]);
  });

  test("a rule that does not help is removed before the mode is changed", async () => {
    const { ran, access } = machine(["denied", "denied", "open"], { udev: true });
    expect(await access).toBe("open");
    expect(ran).toEqual([
      install,
      ...reload,
      "rm -f /etc/udev/rules.d/99-unikernel-ci-kvm.rules",
      ...reload,
      "chmod a+rw /dev/kvm",
    ]);
  });

  test("a mode that does not help is undone", async () => {
    const { ran, facts, access } = machine(["denied", "denied"]);
    expect(await access).toBe("denied");
    expect(ran).toEqual(["chmod a+rw /dev/kvm", "chmod 0640 /dev/kvm"]);
    expect(facts).toEqual([]);
  });

  test("a rule that cannot be loaded is undone, and so is the mode that does not help", async () => {
    const { ran, access } = machine(["denied", "denied", "denied"], { udev: true, fails: /settle/ });
    expect(await access).toBe("denied");
    expect(ran).toEqual([
      install,
      ...reload,
      "rm -f /etc/udev/rules.d/99-unikernel-ci-kvm.rules",
      reload[0],
      reload[1],
      reload[2],
      "chmod a+rw /dev/kvm",
      "chmod 0640 /dev/kvm",
    ]);
  });

  // A killed job could not undo its change on a machine that outlives it.
  test("nothing is changed on a runner that outlives the job, and what to do is told", async () => {
    const { ran, facts, access } = machine(["denied", "open"], { runner: "self-hosted", udev: true });
    expect(await access).toBe("denied");
    expect(ran).toEqual([]);
    expect(facts).toEqual([
      "  no access to /dev/kvm; permissions are never changed on a self-hosted runner: " +
        "add this user to the device's group",
    ]);
  });

  test.each([
    ["KVM that opens", ["open"], true],
    ["a machine without KVM", ["absent"], true],
    ["a person’s machine", ["denied"], false],
  ] as const)("%s is left as it is", async (_, looks, actions) => {
    const { ran, facts, access } = machine([...looks], { actions });
    expect(await access).toBe(looks[0]);
    expect({ ran, facts }).toEqual({ ran: [], facts: [] });
  });
});

test.each([
  ["vendor_id\t: AuthenticAMD\nflags\t\t: fpu svm hypervisor sse\n", true],
  ["vendor_id\t: AuthenticAMD\nflags\t\t: fpu svm sse\n", false],
  ["vendor_id\t: GenuineIntel\nflags\t\t: fpu vmx hypervisor sse\n", false],
  ["", false],
])("an AMD processor in a virtual machine is recognised: %j", (cpuinfo, expected) => {
  expect(isNestedAmd(cpuinfo)).toBe(expected);
});
