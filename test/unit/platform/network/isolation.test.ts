import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../../../src/platform/host.js";
import {
  NotIsolated,
  checkIsolation,
  endOfIsolation,
  isolate,
  isolationRules,
  whyNoIsolation,
} from "../../../../src/platform/network/isolation.js";
import { processes } from "../../../../src/platform/process/process.js";
import type { AsRoot } from "../../../../src/platform/process/sudo.js";

test("the rules of a tap replace its old ones, and let only answers to the host pass", () => {
  expect(isolationRules("uci0a000000", "10.0.0.1/24").split("\n")).toEqual([
    "add table inet unikernel-ci-uci0a000000; delete table inet unikernel-ci-uci0a000000",
    "table inet unikernel-ci-uci0a000000 {",
    "chain answers {",
    "type filter hook prerouting priority -150; policy accept;",
    'iifname != "uci0a000000" accept',
    "ip daddr 10.0.0.1 ct state established accept",
    "ip daddr 10.0.0.1 ip protocol icmp ct state related accept",
    "drop",
    "}",
    "}",
  ]);
});

test("the rules of a tap are removed with their table, if it is there", () => {
  expect(endOfIsolation((program, ...args) => [program, ...args], "uci0a000000")).toEqual([
    "nft",
    "add table inet unikernel-ci-uci0a000000; delete table inet unikernel-ci-uci0a000000",
  ]);
});

describe("a tap is not isolated", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const context = (): Context => ({ host: { isRoot: true, systemFolders: [folder] }, processes }) as unknown as Context;
  function nft(script: string): AsRoot {
    const path = join(folder, "nft");
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return (_, ...args) => [path, ...args];
  }

  test("without nft", async () => {
    const why = "the program `nft` (package nftables) is not installed";
    expect(whyNoIsolation(context())).toBe(why);
    expect(await checkIsolation(context())).toBe(why);
  });

  test("where the kernel refuses its rules", async () => {
    const asRoot = nft("printf 'Error: Could not process rule: Operation not permitted\\nadd table\\n' >&2; exit 1");
    const why = "nft failed: Error: Could not process rule: Operation not permitted";
    expect(whyNoIsolation(context())).toBeUndefined();
    expect(await checkIsolation(context())).toBe(why);
    expect(() => isolate(asRoot, "uci0a000000", "10.0.0.1/24")).toThrow(new NotIsolated(why));
  });

  test("by a check of the rules", async () => {
    nft(`echo "$1" >'${folder}/asked'`);
    expect(await checkIsolation(context())).toBeUndefined();
    expect((await processes.run(["cat", join(folder, "asked")])).stdout).toBe("--check\n");
  });
});
