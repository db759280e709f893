import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { withAbandonedLock, withLock } from "../../../../src/platform/files/lock.js";
import { markText, ownMark } from "../../../../src/platform/process/owner-mark.js";

vi.mock("node:timers/promises", () => import("../../../timers-promises.js"));

let folder: string;
let path: string;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance", "Date"] });
  folder = mkdtempSync(join(tmpdir(), "unikernel-ci-lock-"));
  path = join(folder, "a/lock");
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

/** Moves the clock of a waiting process by `ms`, or until `isOver`. Its reads of the lock are real, its pauses not. */
async function pass(ms: number, isOver: () => boolean): Promise<void> {
  const end = performance.now() + ms;
  while (!isOver() && performance.now() < end) {
    if (vi.getTimerCount() > 0) await vi.advanceTimersToNextTimerAsync();
    else await new Promise((resolve) => setImmediate(resolve));
  }
}

const ignore = () => undefined;

describe("a lock", () => {
  it.each<[string, () => void]>([
    ["a pipe", () => execFileSync("mkfifo", [path])],
    ["a folder", () => mkdirSync(path)],
    ["a link", () => symlinkSync("nowhere", path)],
  ])("with %s in its place is an error, and keeps nobody waiting", async (_, put) => {
    vi.useRealTimers();
    mkdirSync(join(folder, "a"));
    put();
    const waiting = new Promise((resolve) => setTimeout(resolve, 60_000, "still waiting").unref());
    const nothing = () => Promise.resolve();
    for (const lock of [() => withLock(path, ignore, nothing), () => withAbandonedLock(path, nothing)])
      await expect(Promise.race([lock(), waiting])).rejects.toThrow(/is (a link|not a regular file)/);
  });

  it("admits one holder at a time, and leaves no file", async () => {
    vi.useRealTimers();
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 4 }, () =>
        withLock(path, ignore, async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setTimeout(resolve, 20));
          inside--;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(readdirSync(join(folder, "a"))).toEqual([]);
  });

  it("is released when the work fails", async () => {
    await expect(withLock(path, ignore, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(existsSync(path)).toBe(false);
  });

  const gone = () => markText({ ...ownMark(), pid: 4_194_304 });
  const unseen = markText({ pid: 1, start: 1, place: "0".repeat(16) });

  /** Writes the lock of another process, touched some days ago. */
  function heldBy(mark: string, daysAgo = 0): void {
    mkdirSync(join(folder, "a"), { recursive: true });
    writeFileSync(path, `${mark} elsewhere x`);
    const touched = Date.now() / 1000 - daysAgo * 24 * 60 * 60;
    utimesSync(path, touched, touched);
  }

  it("leaves nothing of processes that were killed while they took it", async () => {
    heldBy(gone());
    const draftOf = (mark: string) => `lock.${mark}.0123456789abcdef`;
    for (const mark of [gone(), unseen, markText(ownMark())]) writeFileSync(join(folder, "a", draftOf(mark)), "");
    await withLock(path, ignore, () => Promise.resolve());
    expect(readdirSync(join(folder, "a")).sort()).toEqual([draftOf(unseen), draftOf(markText(ownMark()))].sort());
  });

  it.each([
    ["is dead", gone],
    ["had our process id before", () => markText({ ...ownMark(), start: ownMark().start - 1 })],
  ])("is taken at once from a process that %s", async (_, mark) => {
    heldBy(mark());
    const start = performance.now();
    expect(await withLock(path, ignore, () => Promise.resolve("in"))).toBe("in");
    expect(performance.now() - start).toBe(0);
  });

  it.each([
    ["of another machine", unseen],
    ["of another version of this program", "1"],
  ])("is taken from a process %s that is silent for long", async (_, mark) => {
    heldBy(mark);
    let isIn = false;
    const entered = withLock(path, ignore, () => Promise.resolve(void (isIn = true)));
    await pass(60_000, () => isIn);
    expect(isIn).toBe(false);
    await pass(1_000, () => isIn);
    await entered;
    expect(isIn).toBe(true);
  });

  // Its holder touches it by a clock that is days behind, days ahead, or set meanwhile.
  it.each([
    ["behind", 3, 3],
    ["ahead", -3, -3],
    ["set back", 0, 3],
    ["set forward", 0, -3],
  ])("is not taken from a living process elsewhere whose clock is %s", async (_, before, after) => {
    heldBy(unseen, before);
    let isIn = false;
    const entered = withLock(path, ignore, () => Promise.resolve(void (isIn = true)));
    for (let beat = 0; beat < 5; beat++) {
      await pass(40_000, () => isIn);
      heldBy(unseen, after);
    }
    expect(isIn).toBe(false);
    rmSync(path);
    await pass(500, () => isIn);
    await entered;
    expect(isIn).toBe(true);
  });

  it("is not taken from a living process elsewhere when our own clock is set", async () => {
    heldBy(unseen);
    let isIn = false;
    const entered = withLock(path, ignore, () => Promise.resolve(void (isIn = true)));
    // Let it read the lock once before the clock is set.
    await pass(500, () => isIn);
    for (const days of [3, -3]) {
      vi.setSystemTime(Date.now() + days * 24 * 60 * 60 * 1000);
      await pass(1_500, () => isIn);
      expect(isIn).toBe(false);
    }
    rmSync(path);
    await pass(500, () => isIn);
    await entered;
  });

  it("of a dead process can be taken without waiting", async () => {
    const done: string[] = [];
    const ask = (what: string) => withAbandonedLock(path, () => Promise.resolve(void done.push(what)));
    await ask("of nobody");
    heldBy(unseen);
    await ask("of another machine");
    heldBy(markText(ownMark()));
    await ask("of a living process");
    heldBy(gone());
    await ask("of a dead process");
    expect(done).toEqual(["of a dead process"]);
    expect(readdirSync(join(folder, "a"))).toEqual([]);
  });

  it("of a living process is waited for, and its holder is named once", async () => {
    const waits: string[] = [];
    await withLock(path, ignore, () => Promise.resolve());
    writeFileSync(path, `${markText(ownMark())} ${hostname()} somebody`);
    let isIn = false;
    const entered = withLock(
      path,
      (holder) => waits.push(holder),
      () => Promise.resolve(void (isIn = true)),
    );
    await pass(1_500, () => isIn);
    rmSync(path);
    await pass(500, () => isIn);
    await entered;
    expect(waits).toEqual([`process ${process.pid} on ${hostname()}`]);
  });
});
