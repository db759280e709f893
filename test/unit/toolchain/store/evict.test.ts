import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { markText, ownMark } from "../../../../src/platform/process/owner-mark.js";
import { chooseEvicted, evictToolchains, listToolchains } from "../../../../src/toolchain/store/evict.js";
import { noteUse, readLastUse } from "../../../../src/toolchain/store/installed.js";
import { collectingLog } from "../../../collecting-log.js";

const day = 24 * 3600 * 1000;
const kept = (name: string, gigabytes: number, daysAgo: number) => ({
  name,
  bytes: gigabytes * 1e9,
  usedMs: 0,
  unusedMs: daysAgo * day,
});
const evicted = (...all: ReturnType<typeof kept>[]) => chooseEvicted(all, "needed").map(({ name }) => name);

describe("of the toolchains of a machine", () => {
  it("those used within 60 days that fit into 20 GB stay", () => {
    expect(evicted(kept("needed", 1, 0), kept("a", 9, 59), kept("b", 9, 1))).toEqual([]);
  });
  it("those unused for 60 days are removed", () => {
    expect(evicted(kept("needed", 1, 0), kept("old", 1, 61), kept("young", 1, 59))).toEqual(["old"]);
  });
  it("the longest unused are removed when all together are too large", () => {
    expect(evicted(kept("a", 9, 3), kept("needed", 4, 0), kept("b", 9, 2), kept("c", 1, 4))).toEqual(["a", "c"]);
  });
  it("the one that is needed stays, however old and large", () => {
    expect(evicted(kept("needed", 30, 99))).toEqual([]);
  });
});

it("a use is recorded through no link of the toolchain", async () => {
  const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-evict-"));
  const precious = join(folder, "precious");
  writeFileSync(precious, "precious");
  utimesSync(precious, 1, 1);
  mkdirSync(join(folder, "toolchain"));
  for (const name of ["toolchain.json", "toolchain-user"]) symlinkSync(precious, join(folder, "toolchain", name));
  noteUse(join(folder, "toolchain"));
  expect([readFileSync(precious, "utf8"), statSync(precious).mtimeMs]).toEqual(["precious", 1000]);
  expect(await readLastUse(join(folder, "toolchain"))).toBeUndefined();
  rmSync(folder, { recursive: true });
});

describe("when the clock of this machine is set", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-evict-"))));
  afterEach(() => {
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  });

  /** A toolchain that was used when the clock was `days` ahead of now. */
  function leave(name: string, daysAhead: number, isOfThisStart: boolean): void {
    const manifest = join(folder, name, "toolchain.json");
    mkdirSync(join(folder, name));
    writeFileSync(manifest, "{}");
    noteUse(join(folder, name));
    const then = Date.now() / 1000 + daysAhead * 24 * 3600;
    utimesSync(manifest, then, then);
    if (!isOfThisStart)
      writeFileSync(join(folder, name, "toolchain-user"), markText({ ...ownMark(), place: "0".repeat(16) }));
  }
  const evict = () => evictToolchains(collectingLog([]), folder, "needed", () => Promise.resolve(undefined));

  it.each([99, -99])("by %i days, what was used since its last start stays", async (days) => {
    leave("used", 0, true);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + days * day });
    await evict();
    expect(readdirSync(folder)).toEqual(["used"]);
    const [used] = await listToolchains(folder);
    // Of this process: its running time.
    expect(used?.unusedMs).toBeLessThan(performance.now() + 60_000);
  });

  it("a use before that is measured by the clock", async () => {
    leave("old", -61, false);
    leave("young", -59, false);
    await evict();
    expect(readdirSync(folder)).toEqual(["young"]);
  });

  it("back, a time in the future is not kept for ever", async () => {
    leave("ahead", 99, false);
    expect(await listToolchains(folder)).toMatchObject([{ name: "ahead", unusedMs: 0 }]);
    expect(statSync(join(folder, "ahead/toolchain.json")).mtimeMs).toBeLessThan(Date.now() + 1_000);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61 * day });
    await evict();
    expect(existsSync(join(folder, "ahead"))).toBe(false);
  });
});
