import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { processes } from "../../../../src/platform/process/process.js";
import { checkReachable } from "../../../../src/toolchain/opam/reachable.js";
import { problemOf } from "../../project/fixtures.js";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const port = await portOf(createServer());
  await new Promise((resolve) => servers.pop()?.close(resolve));
  return port;
}

const url = async (port: Promise<number>, scheme = "http") => `${scheme}://127.0.0.1:${await port}/repo`;
const env = { PATH: process.env["PATH"] ?? "", GIT_CONFIG_NOSYSTEM: "1", HOME: "/nowhere" };
const check = (address: string, limits = { tries: 1, secondsPerTry: 20 }) =>
  checkReachable({ processes }, [{ url: "file:///here" }, { url: address }], env, limits);

test.each(["http", "git+http"])("a server that refuses connections: %s", async (scheme) => {
  const address = await url(closedPort(), scheme);
  const problem = await problemOf(check(address));
  expect(problem.message).toBe(`${new URL(address.replace("git+", "")).host} cannot be reached`);
  expect(problem.facts.found).toEqual([address.replace("git+", "")]);
  expect(problem.facts.do?.[0]).toContain("`https_proxy`");
});

test.each(["http", "git+http"])("a server that never answers, after the given time: %s", async (scheme) => {
  const silent = portOf(createServer((socket) => socket.on("error", () => undefined).unref()));
  const problem = await problemOf(check(await url(silent, scheme), { tries: 1, secondsPerTry: 1 }));
  expect(problem.facts.because).toEqual(["it does not answer in time"].slice(0, 1));
});

test("a name that does not exist", async () => {
  const problem = await problemOf(check("https://user:secret@opam.invalid/"));
  expect(problem.message).toBe("opam.invalid cannot be reached");
  expect(problem.facts.because).toEqual(["its name cannot be resolved"]);
  expect(String(problem)).not.toContain("secret");
});

test.each(["http", "git+http"])("any answer of a server counts, also that it has no such file: %s", async (scheme) => {
  const server = createHttpServer((_, response) => response.writeHead(404).end());
  await check(await url(portOf(server), scheme));
});

test("without curl, and for a repository on this machine, opam itself finds out", async () => {
  await checkReachable({ processes }, [{ url: await url(closedPort()) }], { PATH: "/nowhere" });
});
