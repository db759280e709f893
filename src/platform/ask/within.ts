import { messageOf } from "../problem.js";

/**
 * Runs `body` with a signal that aborts after `ms` milliseconds, or when `outer` does.
 *
 * @param said the message of the {@link NoAnswer} with which it aborts by time.
 * @param body must settle soon after the abort.
 */
export async function within<Value>(
  ms: number,
  said: string,
  outer: AbortSignal,
  body: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  // Not AbortSignal.timeout(): its timer outlives the answer, and its reason is not a NoAnswer.
  const tooLate = new AbortController();
  const timer = setTimeout(() => tooLate.abort(new NoAnswer(said)), ms);
  try {
    return await body(AbortSignal.any([outer, tooLate.signal]));
  } finally {
    clearTimeout(timer);
  }
}

/** A promise that a signal can reject, with the signal's reason. */
export function abortable<Value>(
  signal: AbortSignal,
  start: (resolve: (value: Value) => void, reject: (error: Error) => void) => void,
): Promise<Value> {
  return new Promise<Value>((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = () => settle(() => reject(signal.reason as Error));
    const settle = (how: () => void) => {
      signal.removeEventListener("abort", onAbort);
      how();
    };
    signal.addEventListener("abort", onAbort);
    start(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    );
  });
}

/** A guest gave no answer, or no valid one. The message is a phrase for a person: `connection refused`. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** errno(3), in the words of strerror(3). */
const phrases: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection closed",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  ETIMEDOUT: "connection timed out",
};

/** The {@link NoAnswer} for an error of a socket. */
export function noAnswer(error: unknown): NoAnswer {
  if (error instanceof NoAnswer) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return new NoAnswer(phrases[code ?? ""] ?? messageOf(error), { cause: error });
}
