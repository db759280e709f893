import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { publishedArchives } from "../../../../src/platform/network/published.js";
import { collectingLog } from "../../../collecting-log.js";

/** A list that is sixteen times as long as it may be. */
function* endless(): Generator<string> {
  yield '{"format":1,"toolchains":[';
  for (let mebibytes = 0; mebibytes < 64; mebibytes++) yield " ".repeat(1024 * 1024);
  yield "]}";
}

it("a list of a mirror’s that comes to no end is none, and a notice says so", async () => {
  const server = createServer((_, response) => void Readable.from(endless()).pipe(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const told: string[] = [];
  const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    expect(await publishedArchives(collectingLog(told), "toolchains", { own: [], mirror }).find("k")).toBeUndefined();
    expect(told.join("\n")).toMatch(/the mirror has no list of toolchains: .* is longer than 4194304 bytes/);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
