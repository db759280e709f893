import { messageOf } from "../problem.js";

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
