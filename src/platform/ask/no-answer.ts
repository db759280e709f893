import { messageOf } from "../problem.js";

/** Nothing came back from a guest, or nothing of use. Its message is a phrase for a person: `connection refused`. */
export class NoAnswer extends Error {
  constructor(said: string, options?: ErrorOptions) {
    super(said, options);
    this.name = "NoAnswer";
  }
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

/** An error of a socket as what it tells of the guest. */
export function noAnswer(error: unknown): NoAnswer {
  if (error instanceof NoAnswer) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return new NoAnswer(phrases[code ?? ""] ?? messageOf(error), { cause: error });
}
