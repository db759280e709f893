import { readFileSync, readdirSync } from "node:fs";

/** A measurement is reused for this time: a console of 100 MB/s asks with every read. */
const freshMs = 50;

/**
 * How long a process was ready to run but had no processor, in milliseconds: the longest wait of all its threads. That
 * thread is the busy one: the emulated processor of QEMU, or the tender.
 *
 * The kernel counts it (`/proc/PID/task/TID/schedstat`, the second number, in ns:
 * https://www.kernel.org/doc/html/latest/scheduler/sched-stats.html). 0 if it does not.
 *
 * @param folder the mount point of proc(5).
 */
export function processorWait(pid: number | undefined, folder = "/proc"): () => number {
  let longestMs = 0;
  let readMs = -Infinity;
  return () => {
    const now = performance.now();
    if (pid !== undefined && now - readMs >= freshMs) {
      readMs = now;
      longestMs = Math.max(longestMs, ...waits(`${folder}/${pid}/task`));
    }
    return longestMs;
  };
}

function waits(threads: string): number[] {
  try {
    return readdirSync(threads).map(
      (thread) => Number(readFileSync(`${threads}/${thread}/schedstat`, "utf8").split(" ")[1]) / 1e6,
    );
  } catch {
    // It has ended, or the kernel does not count.
    return [];
  }
}
