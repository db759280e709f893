import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { freePorts } from "../../../../src/platform/network/ports.js";

test("gives each protocol a port that can be opened", async () => {
  const [tcp = 0, udp = 0] = await freePorts(["tcp", "udp"]);
  const server = createServer().listen(tcp, "127.0.0.1");
  await once(server, "listening");
  server.close();
  const socket = createSocket("udp4").bind(udp, "127.0.0.1");
  await once(socket, "listening");
  socket.close();
});

test("gives no port twice, even to boots in parallel", async () => {
  const given = await Promise.all(Array.from({ length: 20 }, () => freePorts(Array.from({ length: 10 }, () => "tcp"))));
  expect(new Set(given.flat()).size).toBe(200);
});

test("gives no port for no protocol", async () => {
  expect(await freePorts([])).toEqual([]);
});
