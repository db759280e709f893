import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../../../src/platform/host.js";
import { tapCommands, whyNoTap } from "../../../../src/platform/network/tap.js";

test("a tap is ours by its alias before it has an address", () => {
  const tap = { interface: "uci0a000000", host: "10.0.0.1/24" };
  expect(tapCommands(tap, 1001, "unikernel-ci pid=1 start=2 place=00000000").split("\n")).toEqual([
    "tuntap add dev uci0a000000 mode tap user 1001",
    'link set dev uci0a000000 alias "unikernel-ci pid=1 start=2 place=00000000"',
    "address add 10.0.0.1/24 dev uci0a000000",
    "link set dev uci0a000000 up",
    "",
  ]);
});

describe("why there is no tap", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A machine of a user whose system has these programs; `sudo` answers with a status. */
  function machine(programs: readonly string[], sudo = 1): Context {
    for (const name of [...programs, "true"]) {
      writeFileSync(join(folder, name), "");
      chmodSync(join(folder, name), 0o755);
    }
    return {
      host: { isRoot: false, environment: {}, systemFolders: [folder] },
      processes: { run: () => Promise.resolve({ exitCode: sudo }) },
    } as unknown as Context;
  }
  const device = () => {
    writeFileSync(join(folder, "tun"), "");
    return join(folder, "tun");
  };

  test("no device", async () => {
    expect(await whyNoTap(machine(["ip", "sudo"], 0), join(folder, "tun"))).toMatch(/tun cannot be opened \(ENOENT\)/);
  });

  test("no rights", async () => {
    expect(await whyNoTap(machine(["ip"]), device())).toBe("this user is not root and has no sudo without a password");
    expect(await whyNoTap(machine(["ip", "sudo"], 1), device())).toBe(
      "this user is not root and has no sudo without a password",
    );
  });

  test("none: sudo makes it, and the device opens", async () => {
    expect(await whyNoTap(machine(["ip", "sudo"], 0), device())).toBeUndefined();
  });
});
