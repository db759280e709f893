import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** How a server answers one request for `content`. */
export type Answer = (request: IncomingMessage, response: ServerResponse, content: Buffer) => void;

/** As a server that knows ranges: https://www.rfc-editor.org/rfc/rfc9110#name-range-requests */
export const whole: Answer = (request, response, content) => {
  const part = begin(request, response, content);
  response.end(request.method === "HEAD" ? undefined : part);
};

/** Sends the headers of an answer. @returns the bytes that are to follow. */
function begin({ headers }: IncomingMessage, response: ServerResponse, content: Buffer): Buffer {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(String(headers["x-ms-range"] ?? headers.range)) ?? [];
  const start = Number(first ?? 0);
  const end = last === undefined || last === "" ? content.length : Math.min(Number(last) + 1, content.length);
  const about = { etag: '"1"', "last-modified": new Date(0).toUTCString() };
  if (first !== undefined && start >= content.length) {
    response.writeHead(416, about);
    return Buffer.alloc(0);
  }
  const part = content.subarray(start, end);
  const range = { "content-range": `bytes ${start}-${end - 1}/${content.length}` };
  response.writeHead(first === undefined ? 200 : 206, {
    ...about,
    ...(first === undefined ? {} : range),
    "content-length": part.length,
  });
  return part;
}

export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_, response) =>
    response.writeHead(code, { "content-type": "application/json", ...headers }).end('{"msg":"no","message":"no"}');

/** Closes the connection before a word. */
export const reset: Answer = ({ socket }) => socket.resetAndDestroy();

/** Sends a part, and closes the connection. */
export const cutAfter =
  (bytes: number): Answer =>
  (request, response, content) =>
    response.write(begin(request, response, content).subarray(0, bytes), () => response.socket?.resetAndDestroy());

/** Sends a part, and nothing more. */
export const stallAfter =
  (bytes: number): Answer =>
  (request, response, content) =>
    response.write(begin(request, response, content).subarray(0, bytes));

/** Takes the question, and says nothing. */
export const silence: Answer = () => undefined;

/** As `answer`, of other bytes. */
export const instead =
  (change: (content: Buffer) => Buffer, answer: Answer = whole): Answer =>
  (request, response, content) =>
    answer(request, response, change(content));

/** One byte in the middle is another. */
export const corrupted = (content: Buffer): Buffer => {
  const changed = Buffer.from(content);
  const middle = Math.floor(content.length / 2);
  changed[middle] = (changed[middle] ?? 0) ^ 0xff;
  return changed;
};

export const firstHalf = (content: Buffer): Buffer => content.subarray(0, content.length / 2);

/** A server on loopback, and its address without a slash at its end. */
export async function listen(
  listener: RequestListener,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
