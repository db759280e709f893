import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sweepOwnFolders, withOwnFolder } from "../../../../src/platform/files/own-folder.js";
import { ownMark } from "../../../../src/platform/process/owner-mark.js";
import { skipNote } from "../../../skip-note.js";

/** The uptime of this machine, in seconds. */
const up = 100 * 3600;
vi.mock("node:os", async (original) => ({ ...(await original<object>()), uptime: () => up }));

let temporary: string;
beforeEach(() => (temporary = mkdtempSync(join(tmpdir(), "unikernel-ci-"))));
afterEach(() => rmSync(temporary, { recursive: true, force: true }));

describe("a boot’s folder", () => {
  test("is this user’s only, and gone afterwards with what is in it", async () => {
    const seen = await withOwnFolder(temporary, "boot", (folder) => {
      writeFileSync(join(folder, "disk.img"), "");
      return Promise.resolve({ folder, mode: statSync(folder).mode & 0o777 });
    });
    expect(seen.mode).toBe(0o700);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("is gone after a failure", async () => {
    await expect(withOwnFolder(temporary, "boot", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("is different for each boot", async () => {
    await withOwnFolder(temporary, "boot", (one) =>
      withOwnFolder(temporary, "boot", (other) => {
        expect(one).not.toBe(other);
        return Promise.resolve();
      }),
    );
  });
});

describe("the sweep", () => {
  const own = ownMark();
  const dead = { ...own, pid: 4_194_304 };
  const place = "0".repeat(16);
  const days = (count: number) => Date.now() / 1000 - count * 24 * 60 * 60;

  function leave(name: string, age = 0): string {
    const path = join(temporary, name);
    mkdirSync(path);
    writeFileSync(join(path, "disk.img"), "");
    utimesSync(path, days(age), days(age));
    return path;
  }

  test("removes the folder of a process that is gone", () => {
    const path = leave(`unikernel-ci-boot-${dead.pid}-${dead.start}-${dead.place}-aaaaaa`);
    sweepOwnFolders(temporary, "boot");
    expect(existsSync(path)).toBe(false);
  });

  test("removes an old folder from before the machine’s last start", () => {
    const path = leave(`unikernel-ci-boot-1-1-${place}-aaaaaa`, 3);
    sweepOwnFolders(temporary, "boot");
    expect(existsSync(path)).toBe(false);
  });

  test.each([
    ["of a running boot", `unikernel-ci-boot-${own.pid}-${own.start}-${own.place}-aaaaaa`, 3],
    ["of a container’s boot that may be running", `unikernel-ci-boot-1-1-${place}-aaaaaa`, 1],
    ["with a similar name", "unikernel-ci-boot-mine", 3],
    ["of another program", "unikernel-ci-boot", 3],
  ])("leaves a folder %s", (_, name, age) => {
    const path = leave(name, age);
    sweepOwnFolders(temporary, "boot");
    expect(existsSync(join(path, "disk.img"))).toBe(true);
  });

  const notRoot = process.getuid?.() === 0 ? undefined : "only root can make another user’s folder";
  test.skipIf(notRoot !== undefined)(`leaves another user’s folder, also as root${skipNote(notRoot)}`, () => {
    const path = leave(`unikernel-ci-boot-${dead.pid}-${dead.start}-${dead.place}-aaaaaa`);
    chownSync(path, 65534, 65534);
    sweepOwnFolders(temporary, "boot");
    expect(existsSync(path)).toBe(true);
  });

  test("removes a link, and not its target", () => {
    const target = leave("target");
    symlinkSync(target, join(temporary, `unikernel-ci-boot-${dead.pid}-${dead.start}-${dead.place}-aaaaaa`));
    sweepOwnFolders(temporary, "boot");
    expect(readdirSync(temporary)).toEqual(["target"]);
    expect(existsSync(join(target, "disk.img"))).toBe(true);
  });

  test("accepts a missing temporary folder", () => {
    rmSync(temporary, { recursive: true });
    expect(() => sweepOwnFolders(temporary, "boot")).not.toThrow();
  });
});

describe("when the clock is set, the sweep", () => {
  const own = ownMark();
  const named = (pid: number, start: number, place: string) =>
    join(temporary, `unikernel-ci-boot-${pid}-${start}-${place}-aaaaaa`);
  const container = `${own.place.slice(0, 8)}00000000`;
  /** The start of a process some hours ago, in ticks. */
  const ticksAgo = (hours: number) => (up - hours * 3600) * 100;
  afterEach(() => vi.useRealTimers());

  test.each([99, -99])("by %i days, leaves the folders of living boots, here and in a container", (days) => {
    const living = [named(own.pid, own.start, own.place), named(7, ticksAgo(0.1), container)];
    for (const path of living) mkdirSync(path);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + days * 24 * 3600_000 });
    sweepOwnFolders(temporary, "boot");
    expect(living.map((path) => existsSync(path))).toEqual([true, true]);
  });

  test("removes a container’s folder that is older than any boot, whatever the folder’s time", () => {
    const path = named(7, ticksAgo(49), container);
    mkdirSync(path);
    utimesSync(path, Date.now() / 1000 + 9e6, Date.now() / 1000 + 9e6);
    sweepOwnFolders(temporary, "boot");
    expect(existsSync(path)).toBe(false);
  });

  test("removes a folder from before the machine’s last start, even with a time in the future", () => {
    const path = named(7, 1, "0".repeat(16));
    mkdirSync(path);
    utimesSync(path, Date.now() / 1000 + 9e6, Date.now() / 1000 + 9e6);
    sweepOwnFolders(temporary, "boot");
    expect(existsSync(path)).toBe(false);
  });
});
