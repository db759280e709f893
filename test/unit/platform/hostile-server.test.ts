// Hostile servers; test/unit/platform/network/download.test.ts has failing ones.
import { type RequestListener, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { expect, it, vi } from "vitest";
import { download, mayLead } from "../../../src/platform/network/download.js";
import { collectingLog } from "../../collecting-log.js";

/** Downloads from a server, and counts the bytes. */
async function bytesFrom(answer: RequestListener, most: number): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    let bytes = 0;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/archive`;
    for await (const chunk of download(url, { log: collectingLog([]), most, isExact: true })) {
      bytes += (chunk as Buffer).length;
      expect(bytes).toBeLessThanOrEqual(most);
    }
    return bytes;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024);
}

it("a download that comes to no end is cut off", async () => {
  await expect(bytesFrom((_, response) => void Readable.from(endless()).pipe(response), 10_000_000)).rejects.toThrow(
    "is longer than 10000000 bytes",
  );
});

it("a download sends nothing but what it asks for, also where it is led", async () => {
  vi.stubEnv("GITHUB_TOKEN", "secret");
  const sent: string[][] = [];
  const bytes = await bytesFrom(({ url, headers }, response) => {
    sent.push(Object.keys(headers));
    if (url === "/archive") response.writeHead(302, { location: "/other" }).end();
    else response.end("content");
  }, 7);
  vi.unstubAllEnvs();
  expect(bytes).toBe(7);
  expect(sent).toEqual(Array.from({ length: 2 }, () => ["host", "connection", "user-agent"]));
});

it.each([
  ["https://a.example/x", "https://b.example/y", true],
  ["http://a.example/x", "http://b.example/y", true],
  ["http://a.example/x", "https://b.example/y", true],
  ["https://a.example/x", "http://a.example/x", false],
  ["https://a.example/x", "file:///etc/passwd", false],
  ["http://a.example/x", "file:///etc/passwd", false],
  ["http://a.example/x", "data:text/plain,x", false],
])("a download is led from %s to %s: %s", (from, to, may) => {
  expect(mayLead(new URL(from), new URL(to))).toBe(may);
});
