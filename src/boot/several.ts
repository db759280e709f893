import { bufferedLog } from "../platform/buffered-log.js";
import type { Context } from "../platform/host.js";
import type { BootReport } from "./report.js";

type Boot = (context: Context) => Promise<BootReport>;

/**
 * Boots side by side, at most `limit` at a time. What each tells is told in one piece when it has ended; a single one
 * tells its story as it goes.
 *
 * @param boots each is given the context that it may log to.
 * @returns their reports, in the order of `boots`.
 * @throws what the first of them threw, when all have ended: no VMM is left behind.
 */
export async function bootSeveral(
  context: Context,
  boots: readonly [Boot, ...Boot[]],
  limit: number,
): Promise<readonly [BootReport, ...BootReport[]]> {
  const outcomes: PromiseSettledResult<BootReport>[] = [];
  const waiting = boots.entries();
  const work = async () => {
    for (const [index, boot] of waiting) {
      const { log, flush } =
        boots.length === 1 ? { log: context.log, flush: () => undefined } : bufferedLog(context.log);
      const [outcome] = await Promise.allSettled([boot({ ...context, log })]);
      outcomes[index] = outcome;
      flush();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(limit, boots.length)) }, work));
  const [first, ...others] = outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
  if (first === undefined) throw new Error("no boot ended");
  return [first, ...others];
}
