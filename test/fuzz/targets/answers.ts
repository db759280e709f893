import { encode } from "dns-packet";
import fc from "fast-check";
import { type AddressInfo, connect, createServer } from "node:net";
import { Duplex, Readable } from "node:stream";
import { pack } from "tar-stream";
import { expect } from "vitest";
import { hasAccepted } from "../../../src/boot/devices/devices.js";
import { judgeHttp } from "../../../src/boot/probes/answers.js";
import { Qmp } from "../../../src/boot/qmp.js";
import { readAnswer } from "../../../src/platform/ask/dns.js";
import { bodyLimit, requestHttp } from "../../../src/platform/ask/http.js";
import { NoAnswer } from "../../../src/platform/ask/within.js";
import { DownloadFailed, download } from "../../../src/platform/network/download.js";
import { BadArchive, manifestName } from "../../../src/toolchain/archive/manifest.js";
import { checkArchive, readTar } from "../../../src/toolchain/archive/unpack.js";
import { collectingLog } from "../../collecting-log.js";
import { asyncOf, changed, cuts, textOf } from "../inputs.js";
import { orRefused, quickly, target } from "../target.js";
import { manifest } from "./records.js";

const heads = [
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.0 200\r\n",
  "HTTP/1.1 206 Partial Content\r\n",
  "HTTP/1.1 302 Found\r\n",
  "HTTP/1.1 503 No\r\n",
];
const fields = [
  "Content-Length: 5\r\n",
  "Content-Length: 99999999999\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Content-Range: bytes 5-9/10\r\n",
  "Location: file:///etc/passwd\r\n",
  "Location: /again\r\n",
  "Retry-After: -1\r\n",
  "Retry-After: 99999999999\r\n",
  "X: y\r\n",
];
const httpAnswers = fc.oneof(
  textOf(...heads, ...fields, "\r\n", "hello", "5\r\nhello\r\n", "0\r\n\r\n", ": ").map((text) => Buffer.from(text)),
  fc
    .tuple(
      fc.constantFrom(...heads),
      fc.array(fc.constantFrom(...fields), { maxLength: 3 }),
      fc.uint8Array({ maxLength: 200 }),
    )
    .map(([head, some, body]) => Buffer.concat([Buffer.from(`${head}${some.join("")}\r\n`), body])),
);

/** A server that answers everybody with the same bytes, and hangs up. */
async function answering<Result>(bytes: Uint8Array, ask: (port: number) => Promise<Result>): Promise<Result> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await ask((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

const dnsAnswer = encode({
  type: "response",
  id: 7,
  questions: [{ name: "example.org", type: "A" }],
  answers: [
    { name: "example.org", type: "A", data: "10.0.0.2" },
    { name: "example.org", type: "TXT", data: ["x", "y"] },
    { name: "example.org", type: "CNAME", data: "a.example.org" },
    { name: "example.org", type: "SRV", data: { port: 1, target: "b.example.org" } },
  ],
});

const qmpWords = [
  '{"event":"STOP"}',
  '{"return":{}}',
  '{"error":{"desc":"x"}}',
  '{"QMP":{}}',
  "null",
  "0",
  '"x"',
  "[]",
  '{"event":{}}',
  '{"error":null}',
  '{"error":0}',
  '{"event":"SHUTDOWN","data":{"reason":"guest-reset"}}',
  "{",
  "}",
  "\n",
  "\r\n",
  '"',
  ",",
  "[",
];

const tars = [await tarOf("exact"), await tarOf("pax")];

export const answerTargets = [
  target("HTTP answers: an answer or none", httpAnswers, async (bytes) => {
    const controller = new AbortController();
    const answer = await answering(bytes, async (port) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      try {
        return await requestHttp(socket, { host: "127.0.0.1", port, path: "/", secure: false }, controller.signal);
      } catch (error) {
        if (error instanceof NoAnswer) return undefined;
        throw error;
      } finally {
        socket.destroy();
      }
    });
    if (answer === undefined) return;
    expect(answer.bytes).toBeLessThanOrEqual(bodyLimit);
    judgeHttp(
      {
        kind: "http",
        text: "",
        secure: false,
        insecure: false,
        port: 80,
        path: "/",
        status: undefined,
        body: /hello/u,
      },
      answer,
    );
  }),
  target(
    "downloads: no more than was asked for, or a failure that says so",
    fc.tuple(httpAnswers, fc.integer({ min: 0, max: 20 }), fc.boolean()),
    async ([bytes, most, isExact]) => {
      const kept = await answering(bytes, async (port) => {
        let length = 0;
        try {
          const options = { log: collectingLog([]), most, isExact, wait: () => Promise.resolve(), silenceMs: 2_000 };
          for await (const chunk of download(`http://127.0.0.1:${port}/x`, options)) length += (chunk as Buffer).length;
          return length;
        } catch (error) {
          if (error instanceof DownloadFailed) return undefined;
          throw error;
        }
      });
      if (kept === undefined) return;
      if (isExact) expect(kept).toBe(most);
      else expect(kept).toBeLessThanOrEqual(most);
    },
  ),
  target("DNS answers: an answer or none", changed(dnsAnswer), (message) => {
    const answer = quickly(() => orRefused(() => readAnswer(message, 7), NoAnswer));
    for (const { data } of answer?.records ?? []) expect(typeof data).toBe("string");
  }),
  target(
    "QMP: nothing that comes over the channel breaks us",
    fc.tuple(textOf(...qmpWords), cuts()),
    async ([text, cut]) => {
      const channel = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
      const qmp = new Qmp(channel, ({ event }) => expect(typeof event).toBe("string"));
      const answers = [qmp.execute("one"), qmp.execute("two")].map((answer) => answer.catch((error: unknown) => error));
      for (const piece of cut(Buffer.from(`${text}\n`))) channel.emit("data", Buffer.from(piece));
      channel.destroy();
      channel.emit("close");
      await Promise.all(answers);
    },
  ),
  target(
    "QEMU’s list of connections",
    textOf(
      "  TCP[ESTABLISHED]  12       127.0.0.1 18080       10.0.2.15    80     0     0",
      "\n",
      " ",
      "TCP[",
      "127.0.0.1 18080",
      "]",
    ),
    (text) => {
      quickly(() => hasAccepted(text, 18_080));
    },
  ),
  target("toolchain archives: whole, or refused", fc.tuple(changed(...tars), cuts()), async ([tar, cut]) => {
    await orBadArchive(readTar(asyncOf(cut(tar))));
  }),
  target("compressed toolchain archives: whole, or refused", changed(...tars.map(stored)), async (archive) => {
    await orBadArchive(checkArchive(Readable.from([archive])));
  }),
];

async function orBadArchive(reading: Promise<unknown>): Promise<void> {
  await reading.catch((error: unknown) => {
    if (!(error instanceof BadArchive)) throw error;
  });
}

/** Without compression, as RFC 8878 has it: what changes is the archive, and not only its checksum. */
function stored(content: Buffer): Buffer {
  const largest = 128 * 1024;
  const blocks: Buffer[] = [];
  for (let start = 0; start === 0 || start < content.length; start += largest) {
    const block = content.subarray(start, start + largest);
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (start + largest >= content.length ? 1 : 0), 0, 3);
    blocks.push(header, block);
  }
  // Magic, no single segment, a window of 128 kB.
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]), ...blocks]);
}

async function tarOf(kind: "exact" | "pax"): Promise<Buffer> {
  const files = { ...manifest, entries: manifest.entries.filter((entry) => entry.kind !== "file") };
  const tar = pack();
  tar.entry({ name: manifestName }, JSON.stringify(files));
  for (const entry of files.entries) {
    if (entry.kind === "folder") tar.entry({ name: `${entry.path}/`, type: "directory" });
    else
      tar.entry({
        name: entry.path,
        type: "symlink",
        linkname: entry.target,
        ...(kind === "pax" ? { pax: { comment: "x" } } : {}),
      });
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
