import { readFileSync, readdirSync } from "node:fs";

/** A console of 100 MB a second asks for the time with every read. */
const freshMs = 50;

/**
 * How long a process was ready to run and had no processor, in milliseconds: of its threads, the one that waited longest.
 * That is the one which is always busy: the processor of a machine that QEMU emulates, or a tender.
 *
 * The kernel counts it (`/proc/PID/task/TID/schedstat`, the second number, in ns:
 * https://www.kernel.org/doc/html/latest/scheduler/sched-stats.html); one that does not says 0 here.
 *
 * @param folder where the kernel tells of its processes.
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
