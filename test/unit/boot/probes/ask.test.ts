import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, type RequestListener, createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Packet, decode, encode } from "dns-packet";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type AskOptions, ask } from "../../../../src/boot/probes/ask.js";
import { parseProbe } from "../../../../src/boot/probes/probe-text.js";

const host = "127.0.0.1";
/** Longer than a test may take. */
const patient: AskOptions = { timeoutMs: 600_000, acceptMs: 600_000, signal: new AbortController().signal };
/** For an answer that never comes. */
const hasty: AskOptions = { ...patient, timeoutMs: 200 };
/** For a guest that never accepts. */
const never: AskOptions = { ...patient, acceptMs: 100, isEstablished: () => Promise.resolve(false) };

const endings: (() => void)[] = [];
afterEach(() => endings.splice(0).forEach((end) => end()));

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, host, () => resolve((server.address() as AddressInfo).port)));

/** A guest's server over TCP; @returns its port. */
function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on("error", () => undefined));
    onConnection(socket);
  });
  endings.push(() => {
    server.close();
    sockets.forEach((socket) => socket.destroy());
  });
  return listening(server);
}

/** One that answers each request with these bytes and closes. */
const answering = (bytes: string) => serve((socket) => socket.once("data", () => socket.end(bytes)));

/** One that answers each request with these bytes and leaves the connection open. */
const beginning = (bytes: string) => serve((socket) => socket.once("data", () => socket.write(bytes)));

async function serveHttp(listener: RequestListener): Promise<number> {
  const server = createHttpServer(listener);
  endings.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return listening(server);
}

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const askAt = (port: number, line: string, options = patient) => ask(parseProbe(line), { host, port }, options);

describe("tcp", () => {
  test("a connection that is accepted holds", async () => {
    const port = await serve(() => undefined);
    expect(await askAt(port, "tcp://:80")).toEqual({ holds: true, said: "connection accepted" });
  });

  test("without a forwarded port, the probe’s own is asked", async () => {
    const port = await serve(() => undefined);
    expect(await ask(parseProbe(`tcp://:${port}`), { host }, patient)).toMatchObject({ holds: true });
  });

  test("a refused one does not", async () => {
    expect(await askAt(await closedPort(), "tcp://:80")).toEqual({ holds: false, said: "connection refused" });
  });
});

describe("tcp behind a network that accepts for the guest", () => {
  const established = { ...patient, isEstablished: () => Promise.resolve(true) };
  test("an open connection that the guest never accepted does not hold", async () => {
    const port = await serve(() => undefined);
    expect(await askAt(port, "tcp://:80", never)).toEqual({
      holds: false,
      said: "connection not accepted within 0.1 s",
    });
  });

  test("one that it accepts later holds from then on", async () => {
    const port = await serve(() => undefined);
    let asked = 0;
    const isEstablished = () => Promise.resolve(++asked > 4);
    expect(await askAt(port, "tcp://:80", { ...patient, isEstablished })).toMatchObject({ holds: true });
    expect(asked).toBe(5);
  });

  test.each([
    ["closed", (socket: Socket) => socket.end()],
    ["reset", (socket: Socket) => socket.resetAndDestroy()],
  ])("one that is %s at once was refused", async (_, end) => {
    const port = await serve(end);
    const answer = await askAt(port, "tcp://:80", { ...patient, isEstablished: never.isEstablished });
    expect(answer).toEqual({ holds: false, said: expect.stringMatching(/^connection (?:refused|reset)$/) as string });
  });

  test("one that the guest accepts and closes holds: this side keeps it open meanwhile", async () => {
    let isOpen = true;
    const port = await serve((socket) =>
      socket
        .end()
        .resume()
        .once("end", () => (isOpen = false)),
    );
    let asked = 0;
    const isEstablished = () => Promise.resolve(isOpen && ++asked > 1);
    expect(await askAt(port, "tcp://:80", { ...patient, isEstablished })).toMatchObject({ holds: true });
  });

  test("data from the guest proves that it accepted", async () => {
    const port = await serve((socket) => socket.write("220 ready\r\n"));
    expect(await askAt(port, "tcp://:80", { ...patient, isEstablished: never.isEstablished })).toMatchObject({
      holds: true,
    });
  });

  test("an error of the network is reported, and a network that never answers does not block", async () => {
    const port = await serve(() => undefined);
    const isEstablished = () => Promise.reject(new Error("QEMU closed its control channel"));
    expect(await askAt(port, "tcp://:80", { ...patient, isEstablished })).toEqual({
      holds: false,
      said: "QEMU closed its control channel",
    });
    const isSilent = () => new Promise<boolean>(() => undefined);
    expect(await askAt(port, "tcp://:80", { ...never, isEstablished: isSilent })).toMatchObject({ holds: false });
  });

  test("HTTP waits for the guest too, and loses nothing of its answer", async () => {
    const port = await serveHttp((_, response) => response.end("hello"));
    expect(await askAt(port, "http://:80/", never)).toMatchObject({ said: "connection not accepted within 0.1 s" });
    expect(await askAt(port, "http://:80/ body=/^hello$/", established)).toEqual({
      holds: true,
      said: "status 200, 5 bytes",
    });
  });
});

describe("http", () => {
  test("an answer with the expected status and body holds", async () => {
    const port = await serveHttp((request, response) => response.writeHead(201).end(`you asked ${request.url ?? ""}`));
    const answer = await askAt(port, "http://:80/a?b=c status=201 body=/asked \\/a\\?b=c/");
    expect(answer).toEqual({ holds: true, said: "status 201, 16 bytes" });
  });

  test("the request has the address and no further headers", async () => {
    let seen: IncomingMessage | undefined;
    const port = await serveHttp((request, response) => {
      seen = request;
      response.end();
    });
    await askAt(port, "http://:80/");
    expect(seen).toMatchObject({ method: "GET", httpVersion: "1.1" });
    expect(seen?.headers).toEqual({
      host: `${host}:${port}`,
      accept: "*/*",
      "user-agent": "unikernel-ci",
      connection: "close",
    });
  });

  test("a wrong status is reported with the body, on one line and without control characters", async () => {
    const body = `Internal\r\n  Server\tError \u001b[2J${"x".repeat(1000)}`;
    const port = await serveHttp((_, response) => response.writeHead(500).end(body));
    const { holds, said } = await askAt(port, "http://:80/ status=200");
    expect(holds).toBe(false);
    expect(said).toMatch(/^status 500, wanted 200: Internal Server Error \\x1b\[2Jx+$/);
    expect(said.length).toBe("status 500, wanted 200: ".length + 200);
  });

  test("without an expected status, an error does not hold and a redirect does; it is not followed", async () => {
    const paths: (string | undefined)[] = [];
    const port = await serveHttp((request, response) => {
      paths.push(request.url);
      response.writeHead(request.url === "/moved" ? 302 : 404, { location: `http://${host}:${port}/other` }).end();
    });
    expect(await askAt(port, "http://:80/moved")).toEqual({ holds: true, said: "status 302, 0 bytes" });
    expect(await askAt(port, "http://:80/")).toEqual({ holds: false, said: "status 404, wanted 200 to 399" });
    expect(paths).toEqual(["/moved", "/"]);
  });

  test("a body that does not match is reported", async () => {
    const port = await serveHttp((_, response) => response.end("hello"));
    expect(await askAt(port, "http://:80/ body=/bye/")).toEqual({
      holds: false,
      said: "the body (5 bytes) did not match /bye/: hello",
    });
  });

  test("an endless body is read to a limit, and only that is matched", async () => {
    const port = await serveHttp((_, response) => {
      let chunks = 0;
      const more = () => {
        // Far beyond the limit; without one the test ends, and fails.
        if (++chunks === 1_000) response.end();
        else if (!response.destroyed) response.write("b".repeat(16 * 1024), () => setImmediate(more));
      };
      response.write("a".repeat(64 * 1024), more);
    });
    expect(await askAt(port, "http://:80/ body=/^a+$/")).toEqual({
      holds: true,
      said: "status 200, more than 65536 bytes",
    });
    expect(await askAt(port, "http://:80/ body=/b/")).toMatchObject({ holds: false });
  });

  test("a body that is still arriving at the time limit is matched so far", async () => {
    /** The time is up once these bytes were read. */
    const cutShort = async (line: string) => {
      let onWritten: () => void = () => undefined;
      const written = new Promise<void>((resolve) => (onWritten = resolve));
      const port = await serve((socket) =>
        socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\n\r\nevent", onWritten)),
      );
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      try {
        const asked = askAt(port, line);
        await written;
        for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
        vi.advanceTimersByTime(patient.timeoutMs);
        return await asked;
      } finally {
        vi.useRealTimers();
      }
    };
    expect(await cutShort("http://:80/ body=/^event$/")).toEqual({
      holds: true,
      said: "status 200, 5 bytes and no end yet",
    });
    expect(await cutShort("http://:80/ body=/events/")).toMatchObject({ holds: false });
  });

  test.each([
    ["is closed before its length", "Content-Length: 100\r\n\r\nhello"],
    ["violates its coding", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nno number\r\n"],
  ])("a body that %s is broken, whatever was expected", async (_, rest) => {
    const port = await answering(`HTTP/1.1 200 OK\r\n${rest}`);
    expect(await askAt(port, "http://:80/ body=/hello|/")).toEqual({
      holds: false,
      said: expect.stringMatching(/^status 200, and the body broke off after \d bytes/) as string,
    });
  });

  test("a body without a length ends with the connection", async () => {
    const port = await answering("HTTP/1.0 200 OK\r\n\r\nhello");
    expect(await askAt(port, "http://:80/")).toEqual({ holds: true, said: "status 200, 5 bytes" });
  });

  test("an answer other than HTTP is shown", async () => {
    const port = await answering("220 mail.example.org ESMTP\r\n");
    expect(await askAt(port, "http://:80/")).toEqual({
      holds: false,
      said: expect.stringMatching(/^no HTTP \(.+\): 220 mail\.example\.org ESMTP\\x0d\\x0a$/) as string,
    });
  });

  test("headers without end are refused", async () => {
    const port = await answering(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}`);
    expect(await askAt(port, "http://:80/")).toMatchObject({
      holds: false,
      said: expect.stringMatching(/^no HTTP \(.*overflow/i) as string,
    });
  });

  test.each([
    ["answers nothing", ""],
    ["stops in its headers", "HTTP/1.1 200 OK\r\nX-Slow: "],
  ])("a server that %s gets no more time than allowed", async (_, bytes) => {
    const port = await beginning(bytes);
    expect(await askAt(port, "http://:80/", hasty)).toEqual({ holds: false, said: "no answer within 0.2 s" });
  });

  test("a close without an answer is reported", async () => {
    expect(await askAt(await answering(""), "http://:80/")).toEqual({
      holds: false,
      said: "connection closed without an answer",
    });
    const resetting = await serve((socket) => socket.once("data", () => socket.resetAndDestroy()));
    expect(await askAt(resetting, "http://:80/")).toEqual({ holds: false, said: "connection reset" });
    const upgrading = await answering("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n");
    expect(await askAt(upgrading, "http://:80/")).toEqual({
      holds: false,
      said: "connection closed without an answer",
    });
  });

  test("proxies of the environment are not used", async () => {
    const port = await serveHttp((_, response) => response.end("direct"));
    const former = process.env["http_proxy"];
    process.env["http_proxy"] = `http://${host}:${await closedPort()}`;
    try {
      expect(await askAt(port, "http://:80/ body=/direct/")).toMatchObject({ holds: true });
    } finally {
      if (former === undefined) delete process.env["http_proxy"];
      else process.env["http_proxy"] = former;
    }
  });
});

describe("https", () => {
  let key: Buffer;
  let cert: Buffer;
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"));
    const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
    const elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", ["req", "-x509", ...elliptic, "-subj", "/CN=unikernel", "-days", "1", ...files], {
      stdio: "ignore",
    });
    key = readFileSync(join(folder, "key.pem"));
    cert = readFileSync(join(folder, "cert.pem"));
    rmSync(folder, { recursive: true });
  });

  function serveHttps(): Promise<number> {
    const server = createHttpsServer({ key, cert }, (_, response) => response.end("secret"));
    endings.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return listening(server);
  }

  test("an untrusted certificate is refused, with the way to accept it", async () => {
    expect(await askAt(await serveHttps(), "https://:443/")).toEqual({
      holds: false,
      said: "TLS: self-signed certificate (`insecure` accepts any certificate)",
    });
  });

  test("`insecure` accepts it, also behind a network that accepts for the guest", async () => {
    const port = await serveHttps();
    const answer = { holds: true, said: "status 200, 6 bytes" };
    expect(await askAt(port, "https://:443/ insecure body=/secret/")).toEqual(answer);
    const isEstablished = () => Promise.resolve(true);
    expect(await askAt(port, "https://:443/ insecure", { ...patient, isEstablished })).toEqual(answer);
  });

  test("a server without TLS, and one that closes in the handshake, are reported", async () => {
    const plain = await answering("HTTP/1.0 400 Bad Request\r\n\r\n");
    const { holds, said } = await askAt(plain, "https://:443/ insecure");
    expect(holds).toBe(false);
    expect(said).toMatch(/^TLS: wrong version number$/);
    expect(await askAt(await answering(""), "https://:443/ insecure")).toMatchObject({
      holds: false,
      said: expect.stringMatching(/^TLS: .*(?:disconnected|closed)/) as string,
    });
  });

  test("a handshake that never ends gets no more time than allowed", async () => {
    const port = await serve(() => undefined);
    expect(await askAt(port, "https://:443/ insecure", hasty)).toEqual({
      holds: false,
      said: "no answer within 0.2 s",
    });
  });
});

describe("udp-dns", () => {
  /** A name server; @param answer undefined: says nothing. */
  async function serveDns(answer: (query: Packet) => Buffer | undefined): Promise<number> {
    const server = createSocket("udp4");
    endings.push(() => server.close());
    server.on("message", (message, from) => {
      const bytes = answer(decode(message));
      if (bytes !== undefined) server.send(bytes, from.port, from.address);
    });
    await new Promise<void>((resolve) => server.bind(0, host, resolve));
    return server.address().port;
  }

  const answerTo = (query: Packet, more: Partial<Packet>) =>
    encode({ type: "response", id: query.id ?? 0, questions: query.questions ?? [], ...more });
  const line = "udp-dns://:53 name=example.org type=A";

  test("an answer with a record of the type holds", async () => {
    const port = await serveDns((query) => {
      expect(query.questions).toEqual([{ type: "A", name: "example.org", class: "IN" }]);
      return answerTo(query, { answers: [{ type: "A", name: "example.org", data: "192.0.2.1" }] });
    });
    expect(await askAt(port, line)).toEqual({ holds: true, said: "A 192.0.2.1" });
  });

  test("records are shown with control characters escaped", async () => {
    const txt = await serveDns((query) =>
      answerTo(query, { answers: [{ type: "TXT", name: "a", data: ["v=1", "\u001b[2J"] }] }),
    );
    expect(await askAt(txt, "udp-dns://:53 name=a type=TXT")).toEqual({ holds: true, said: "TXT v=1\\x1b[2J" });
    const mx = await serveDns((query) =>
      answerTo(query, { answers: [{ type: "MX", name: "a", data: { preference: 1, exchange: "b" } }] }),
    );
    expect(await askAt(mx, "udp-dns://:53 name=a type=MX")).toEqual({
      holds: true,
      said: 'MX {"preference":1,"exchange":"b"}',
    });
  });

  test("an answer without one does not", async () => {
    const empty = await serveDns((query) => answerTo(query, {}));
    expect(await askAt(empty, line)).toEqual({
      holds: false,
      said: "no A record for example.org: the answer is empty",
    });
    const other = await serveDns((query) =>
      answerTo(query, { answers: [{ type: "CNAME", name: "example.org", data: "a.org" }] }),
    );
    expect(await askAt(other, line)).toEqual({ holds: false, said: "no A record for example.org: only CNAME" });
    const truncated = await serveDns((query) => answerTo(query, { flags: 0x0200 }));
    expect(await askAt(truncated, line)).toEqual({
      holds: false,
      said: "no A record for example.org: the answer is truncated",
    });
  });

  test("an error has its name", async () => {
    const port = await serveDns((query) => answerTo(query, { flags: 3 }));
    expect(await askAt(port, line)).toEqual({ holds: false, said: "NXDOMAIN for example.org A" });
  });

  test.each<[string, (query: Packet) => Buffer]>([
    ["no DNS answer: received a query", (query) => encode({ ...query, type: "query" })],
    [
      "no DNS answer: the id is of another query",
      (query) => answerTo({ ...query, id: ((query.id ?? 0) + 1) % 65_536 }, {}),
    ],
    ["no DNS answer: received 7 bytes that are not DNS", () => Buffer.from("garbage")],
    ["no DNS answer: received 0 bytes that are not DNS", () => Buffer.alloc(0)],
  ])("%s", async (said, answer) => {
    expect(await askAt(await serveDns(answer), line)).toEqual({ holds: false, said });
  });

  test("a question that is lost is sent again", async () => {
    let heard = 0;
    const port = await serveDns((query) =>
      ++heard < 3 ? undefined : answerTo(query, { answers: [{ type: "A", name: "example.org", data: "192.0.2.1" }] }),
    );
    expect(await askAt(port, line)).toMatchObject({ holds: true });
  });

  test("silence is reported after the time limit, a closed port at once", async () => {
    expect(await askAt(await serveDns(() => undefined), line, hasty)).toEqual({
      holds: false,
      said: "no answer within 0.2 s",
    });
    expect(await askAt(await closedPort(), line)).toEqual({ holds: false, said: "connection refused" });
  });
});

describe("ping", () => {
  let folder: string;
  const path = process.env["PATH"];
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "unikernel-ci-"))));
  afterEach(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true });
  });

  const pinging = (script: string, options = patient) => {
    writeFileSync(join(folder, "ping"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    process.env["PATH"] = `${folder}:${path ?? ""}`;
    return ask(parseProbe("ping"), { host: "10.0.0.2" }, options);
  };

  test("a reply holds and is shown", async () => {
    const reply = "64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.045 ms";
    const isAsked = `test "$*" = '-n -c 1 -W 1 10.0.0.2' && test "$LC_ALL" = C`;
    const script = `${isAsked} && echo 'PING 10.0.0.2' && echo '${reply}'`;
    expect(await pinging(script)).toEqual({ holds: true, said: reply });
  });

  test.each([
    ['echo "1 packets transmitted, 0 received"; exit 1', "no echo reply within 1 s"],
    ['echo "From 10.0.0.1 icmp_seq=1 Destination Host Unreachable"; exit 1', "Destination Host Unreachable"],
    ['echo "ping: socktype: SOCK_RAW" >&2; exit 2', "ping: socktype: SOCK_RAW"],
    ["exit 0", "no echo reply within 1 s"],
  ])("%s", async (script, said) => expect(await pinging(script)).toEqual({ holds: false, said }));

  test("without the program, that is the answer", async () => {
    process.env["PATH"] = folder;
    expect(await ask(parseProbe("ping"), { host }, patient)).toEqual({
      holds: false,
      said: "the program ping is not installed",
    });
  });

  test("one that hangs is ended", async () => {
    const pidFile = join(folder, "pid");
    const controller = new AbortController();
    const script = `echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 7750`;
    const asked = pinging(script, { ...patient, signal: controller.signal });
    await expect.poll(() => existsSync(pidFile)).toBe(true);
    controller.abort();
    expect(await asked).toMatchObject({ holds: false });
    const pid = Number(readFileSync(pidFile, "utf8"));
    await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
  });
});

test("a question that is stopped ends at once, wherever it is", async () => {
  const silent = await serve(() => undefined);
  const lines = ["http://:80/", "https://:443/", "udp-dns://:53 name=a"];
  const controller = new AbortController();
  const options = { ...patient, signal: controller.signal };
  const asked = lines.map((line) => askAt(silent, line, options));
  const isEstablished = () => Promise.resolve(false);
  asked.push(askAt(silent, "tcp://:80", { ...options, isEstablished }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  controller.abort();
  for (const answer of await Promise.all(asked)) expect(answer.holds).toBe(false);
  expect(await askAt(silent, "tcp://:80", options)).toMatchObject({ holds: false });
});

describe("afterwards", () => {
  test.each([
    ["tcp://:80", patient],
    ["tcp://:80", never],
    ["http://:80/", hasty],
    ["https://:443/", hasty],
  ])("the connection of %s is closed after any answer", async (line, options) => {
    let onEnd: (value?: unknown) => void = () => undefined;
    const closed = new Promise((resolve) => (onEnd = resolve));
    const port = await serve((socket) => socket.resume().once("end", onEnd).once("error", onEnd));
    await askAt(port, line, options);
    await closed;
  });

  test("no datagram socket is left", async () => {
    const count = () => process.getActiveResourcesInfo().filter((kind) => kind === "UDPWrap").length;
    const before = count();
    await askAt(await closedPort(), "udp-dns://:53 name=a");
    await expect.poll(count).toBe(before);
  });

  test("no timer is left", async () => {
    const port = await serve((socket) => socket.end());
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      for (const line of ["tcp://:80", "http://:80/", "udp-dns://:53 name=a"]) await askAt(port, line);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
