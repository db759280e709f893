import { type IncomingMessage, request as startRequest } from "node:http";
import type { Socket } from "node:net";
import { visible } from "../log.js";
import type { Address } from "./connect.js";
import { NoAnswer, noAnswer, abortable } from "./within.js";
/** A longer body is not read to its end; in bytes. */
export const bodyLimit = 64 * 1024;

export interface HttpAnswer {
  readonly status: number;
  /** The part of the body that was read, as UTF-8. */
  readonly body: string;
  /** The length of that part. */
  readonly bytes: number;
  /**
   * `cut`: the body is longer than {@link bodyLimit}. `open`: it was incomplete when the time was up. `broken`: the
   * connection closed, or the encoding was wrong, before the body's end.
   */
  readonly end: "whole" | "cut" | "open" | "broken";
}

/**
 * Sends a GET over an open connection, which the caller closes. Uses no proxy, follows no redirect, sends no
 * credentials.
 *
 * @throws NoAnswer when no headers arrived.
 */
export async function requestHttp(
  socket: Socket,
  { host, port, path, secure }: Address & { readonly path: string; readonly secure: boolean },
  signal: AbortSignal,
): Promise<HttpAnswer> {
  let reader: BodyReader | undefined;
  try {
    return await abortable(signal, (resolve, reject) => {
      const request = startRequest({
        createConnection: () => socket,
        // promise: answer-headers-have-a-limit
        host,
        port,
        path,
        defaultPort: secure ? 443 : 80,
        headers: { "user-agent": "unikernel-ci", accept: "*/*", connection: "close" },
      });
      request.on("response", (response) => (reader = new BodyReader(response, resolve)));
      request.on("error", (error) =>
        reader === undefined ? reject(headFailure(error)) : resolve(reader.answer("broken")),
      );
      request.on("close", () => {
        if (reader === undefined) reject(new NoAnswer("connection closed without an answer"));
      });
      request.end();
    });
  } catch (error) {
    // Headers with an incomplete body are an answer.
    if (reader !== undefined && error instanceof NoAnswer) return reader.answer("open");
    throw error;
  }
}

class BodyReader {
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  constructor(
    private readonly response: IncomingMessage,
    onEnd: (answer: HttpAnswer) => void,
  ) {
    response.on("data", (chunk: Buffer) => {
      this.chunks.push(chunk.subarray(0, bodyLimit - this.bytes));
      this.bytes += this.chunks.at(-1)?.length ?? 0;
      // promise: answer-body-has-a-limit
      if (this.bytes === bodyLimit) onEnd(this.answer("cut"));
    });
    response.on("end", () => onEnd(this.answer("whole")));
    response.on("error", () => onEnd(this.answer("broken")));
  }

  answer(end: HttpAnswer["end"]): HttpAnswer {
    const body = Buffer.concat(this.chunks).toString("utf8");
    return { status: this.response.statusCode ?? 0, body, bytes: this.bytes, end };
  }
}

const shownBytes = 100;

function headFailure(error: NodeJS.ErrnoException): NoAnswer {
  // llhttp's errors have the received bytes: https://nodejs.org/docs/latest-v20.x/api/http.html#event-clienterror
  const { rawPacket, reason } = error as { readonly rawPacket?: unknown; readonly reason?: unknown };
  if (Buffer.isBuffer(rawPacket)) {
    const text = visible(rawPacket.subarray(0, shownBytes).toString("latin1"));
    return new NoAnswer(`no HTTP (${String(reason)}): ${text}`, { cause: error });
  }
  // Without a system call, Node means that the connection was closed in good order.
  const isEnd = error.code === "ECONNRESET" && error.syscall === undefined;
  return isEnd ? new NoAnswer("connection closed without an answer", { cause: error }) : noAnswer(error);
}
