import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type DownloadOptions, download } from "../../../../src/platform/network/download.js";
import { collectingLog } from "../../../collecting-log.js";

const content = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 251));
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let url: string;
let answers: Answer[];
let asked: (string | undefined)[];
let waits: number[];

beforeEach(async () => {
  answers = [];
  asked = [];
  waits = [];
  server = createServer((request, response) => {
    asked.push(request.headers.range);
    const answer = answers.shift() ?? whole;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/archive`;
});
afterEach(() => {
  vi.useRealTimers();
  server.closeAllConnections();
  server.close();
});

/** Answers with the requested range. */
const whole: Answer = ({ headers: { range } }, response) => {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
  if (start > 0) response.writeHead(206, { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` });
  response.end(content.subarray(start));
};
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(code, headers).end("no");
/** Sends a part, then closes the connection. */
const cut =
  (bytes: number): Answer =>
  (_, response) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, bytes), () => response.destroy());
  };
const stall: Answer = (_, response) => {
  response.writeHead(200, { "content-length": content.length });
  response.write(content.subarray(0, 1_000));
};

async function read(options: Partial<DownloadOptions> & { from?: string } = {}): Promise<Buffer> {
  const wait = (ms: number) => Promise.resolve(void waits.push(ms));
  const chunks: Buffer[] = [];
  const stream = download(options.from ?? url, {
    log: collectingLog([]),
    most: content.length,
    isExact: true,
    wait,
    silenceMs: 300,
    ...options,
  });
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe("a download", () => {
  it("is what the server has", async () => {
    expect((await read()).equals(content)).toBe(true);
    expect(waits).toEqual([]);
  });

  it("resumes where the connection broke, any number of times, as long as bytes arrive", async () => {
    answers = [
      cut(1_000),
      ({ headers: { range } }, response) => {
        const start = Number(/\d+/.exec(range ?? "")?.[0]);
        response.writeHead(206, {
          "content-range": `bytes ${start}-${content.length - 1}/${content.length}`,
          "content-length": content.length - start,
        });
        response.write(content.subarray(start, start + 500), () => response.destroy());
      },
    ];
    expect((await read()).equals(content)).toBe(true);
    expect(asked).toEqual([undefined, "bytes=1000-", "bytes=1500-"]);
  });

  it("goes on where it ended too early without a word", async () => {
    answers = [(_, response) => void response.end(content.subarray(0, 10))];
    expect((await read()).equals(content)).toBe(true);
    expect(asked).toEqual([undefined, "bytes=10-"]);
  });

  it("resumes after a silence", async () => {
    answers = [stall];
    expect((await read()).equals(content)).toBe(true);
    expect(asked).toEqual([undefined, "bytes=1000-"]);
  });

  it("takes the rest from a server that answers with the whole file", async () => {
    answers = [cut(1_000), (_, response) => void response.end(content)];
    expect((await read()).equals(content)).toBe(true);
  });

  it("does not take another part than it asked for", async () => {
    answers = [
      cut(1_000),
      (_, response) => void response.writeHead(206, { "content-range": "bytes 0-4999/5000" }).end(content),
    ];
    expect((await read()).equals(content)).toBe(true);
    expect(asked).toHaveLength(3);
  });

  it("gives up after `reachMs` on a server that is unreachable or silent", async () => {
    answers = [() => undefined];
    await expect(read({ reachMs: 50, silenceMs: 30_000 })).rejects.toThrow(
      / cannot be reached: the server does not answer$/,
    );
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(read({ reachMs: 400 })).rejects.toThrow(/ cannot be reached: connect ECONNREFUSED/);
    expect(waits).toEqual([]);
  });

  it("has no such limit after the server has answered", async () => {
    const reachMs = 2_000;
    answers = [
      (_, response) => {
        response.write(content.subarray(0, 1_000));
        setTimeout(() => response.end(content.subarray(1_000)), reachMs + 200);
      },
    ];
    expect((await read({ reachMs, silenceMs: 30_000 })).equals(content)).toBe(true);
    expect(asked).toEqual([undefined]);
  });

  it("tries a failing server again after a growing pause", async () => {
    answers = [status(500), status(502), status(503)];
    expect((await read()).equals(content)).toBe(true);
    expect(waits).toHaveLength(3);
    for (const [index, ms] of waits.entries()) {
      expect(ms).toBeGreaterThanOrEqual(250 * 2 ** (index + 1));
      expect(ms).toBeLessThanOrEqual(750 * 2 ** (index + 1));
    }
  });

  it("waits as long as the server asks, at most a minute", async () => {
    answers = [
      status(429, { "retry-after": "7" }),
      status(429, { "retry-after": "4000" }),
      status(503, { "retry-after": new Date(0).toUTCString() }),
    ];
    expect((await read()).equals(content)).toBe(true);
    expect(waits).toEqual([7_000, 60_000, 0]);
  });

  it.each([3, -3])("waits by the server’s clock when ours is %i days ahead", async (days) => {
    const theirs = Date.now() - days * 24 * 3600_000;
    const dates = { date: new Date(theirs).toUTCString(), "retry-after": new Date(theirs + 5_000).toUTCString() };
    answers = [status(503, dates)];
    await read();
    expect(waits).toEqual([5_000]);
  });

  it.each([401, 403, 404, 410])("is not tried again after status %i", async (code) => {
    answers = [status(code)];
    await expect(read()).rejects.toMatchObject({ name: "DownloadFailed", status: code });
    expect(asked).toHaveLength(1);
  });

  it("is given up after five failures in a row", async () => {
    answers = Array.from({ length: 9 }, () => status(500));
    await expect(read()).rejects.toThrow("failed 5 times, last with status 500");
    expect(asked).toHaveLength(5);
  });

  it("is given up when nothing listens at the address", async () => {
    server.close();
    await expect(read()).rejects.toMatchObject({ name: "DownloadFailed" });
  });

  it("is given up when the host name cannot be resolved, with that name", async () => {
    const host = "archives.unikernel-ci.invalid";
    await expect(read({ from: `http://${host}/archive` })).rejects.toThrow(
      new RegExp(`^http://${host}/archive failed 5 times: getaddrinfo (ENOTFOUND|EAI_AGAIN) ${host}$`),
    );
    expect(waits).toHaveLength(4);
  });

  /** Sends some bytes every 20 milliseconds, by a clock that only it moves, without end. */
  const trickle =
    (bytes: number): Answer =>
    (_, response) => {
      response.writeHead(200);
      const sending = setInterval(() => {
        vi.advanceTimersByTime(20);
        response.write(Buffer.alloc(bytes));
      }, 1);
      response.once("close", () => clearInterval(sending));
    };

  it("that comes too slowly is given up", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    answers = [trickle(1)];
    await expect(read({ slowest: { bytes: 1_000, withinMs: 400 }, most: 1_000 })).rejects.toThrow(
      /is too slow: \d+ bytes in \d+\.\d+ s$/,
    );
    expect(asked).toHaveLength(1);
  });

  it("that is slow, but not too slow, is not given up", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    answers = [trickle(500)];
    // 5,000 bytes take 200 milliseconds, or twice that.
    await expect(read({ slowest: { bytes: 100, withinMs: 50 }, most: 5_000 })).rejects.toThrow(
      "is longer than 5000 bytes",
    );
  });

  it("is not too slow when only its consumer is", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const large = 16_000_000;
    answers = [(_, response) => void response.end(Buffer.alloc(large))];
    const stream = download(url, {
      log: collectingLog([]),
      most: large,
      isExact: true,
      slowest: { bytes: 1e9, withinMs: 1_500 },
    });
    let length = 0;
    for await (const chunk of stream) {
      length += (chunk as Buffer).length;
      // Bytes that it reads ahead arrive before the clock moves.
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
      vi.advanceTimersByTime(500);
    }
    expect(length).toBe(large);
  });

  it("that does not end is cut off", async () => {
    await expect(read({ most: 100 })).rejects.toThrow("is longer than 100 bytes");
  });

  it("of unknown length ends where the server ends it", async () => {
    expect((await read({ isExact: false, most: 1_000_000 })).equals(content)).toBe(true);
  });

  it("follows redirects, up to a limit", async () => {
    answers = [status(302, { location: "/other" })];
    expect((await read()).equals(content)).toBe(true);
    answers = Array.from({ length: 9 }, () => status(302, { location: "/other" }));
    await expect(read()).rejects.toThrow("redirects more than 5 times");
  });

  it("that breaks off where nobody reads it any more ends nothing else", async () => {
    const elsewhere: Answer = (_, response) => {
      response.writeHead(206, {
        "content-range": `bytes 7-${content.length - 1}/${content.length}`,
        "content-length": content.length,
      });
      response.write(content.subarray(0, 1_000), () => response.destroy());
    };
    answers = [cut(1_000), elsewhere];
    const uncaught = await uncaughtErrors(async () => {
      expect((await read()).equals(content)).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 100));
    });
    expect(uncaught).toEqual([]);
  });

  it("is not followed to a file or another scheme", async () => {
    answers = [status(302, { location: "ftp://example.org/archive" })];
    await expect(read()).rejects.toThrow("away from HTTPS");
  });
});

/** Errors during `body` that would end our process. */
async function uncaughtErrors(body: () => Promise<void>): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", (error) => void errors.push(error));
  try {
    await body();
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of others) process.on("uncaughtException", listener);
  }
  return errors;
}
