import { Problem } from "../../platform/problem.js";
import { OutOfTime, withinTime } from "../../platform/time-limit.js";
import type { GuestEvent } from "./events.js";
import type { Judge } from "./judge.js";
import type { Verdict } from "./verdict.js";

/** One read of a console takes milliseconds, unless a pattern tries more ways through a line than anybody can wait for. */
const longestMs = 5_000;

/**
 * Shows a judge what was seen since the last time. Patterns of the user are matched here, against lines of the guest.
 *
 * @throws Problem where they come to no end: who waited for them would wait for ever, and would not see the timeout.
 */
export function judgeInTime(judge: Judge, events: readonly GuestEvent[], limitMs = longestMs): Verdict | undefined {
  const { expect, forbid } = judge.rules;
  const look = () => events.reduce<Verdict | undefined>((_, event) => judge.see(event), undefined);
  if (expect.length + forbid.length === 0) return look();
  try {
    return withinTime(limitMs, look);
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    throw new Problem(
      `inputs expect and forbid: a pattern came to no end within ${limitMs / 1000} s on what the guest printed`,
      {
        found: [...expect, ...forbid].map(({ source }) => source),
        because: "a repetition inside a repetition, such as `(a+)+`, has more ways through a line than can be tried",
        do: "write it without, or anchor it",
      },
      { cause: error },
    );
  }
}
