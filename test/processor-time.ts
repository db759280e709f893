/**
 * Milliseconds that this process needs of a processor for some work: what else the machine has to do does not count.
 * For work whose time must not grow with the square of its input: that would be minutes, on any machine.
 */
export function processorMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
