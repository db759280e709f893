import { expect, test } from "vitest";
import { parseProbe } from "../../../../src/boot/probes/probe-text.js";
import { type Probe, needsTap, portsOf } from "../../../../src/boot/probes/probe.js";
import { InputError } from "../../../../src/platform/problem.js";

const http = { kind: "http", secure: false, insecure: false, status: undefined, body: undefined };

test.each<[string, object]>([
  ["tcp://:8080", { kind: "tcp", port: 8080 }],
  ["http://:8080", { ...http, port: 8080, path: "/" }],
  ["http://:80/a/b?c=d&e=%20", { ...http, port: 80, path: "/a/b?c=d&e=%20" }],
  ["http://:8080/path status=200 body=/regex/", { ...http, port: 8080, path: "/path", status: 200, body: /regex/u }],
  [
    "http://:80/  body=/it works, (?:yes|no)/i   status=404",
    { ...http, port: 80, path: "/", status: 404, body: /it works, (?:yes|no)/iu },
  ],
  ["http://:80/ body=/<\\/html>$/", { ...http, port: 80, path: "/", body: /<\/html>$/u }],
  ["https://:443/ status=200 insecure", { ...http, secure: true, insecure: true, port: 443, path: "/", status: 200 }],
  ["https://:443/", { ...http, secure: true, port: 443, path: "/" }],
  ["udp-dns://:53 name=example.org type=A", { kind: "dns", port: 53, name: "example.org", type: "A" }],
  [
    "udp-dns://:5353 name=_srv._tcp.a.org. type=srv",
    { kind: "dns", port: 5353, name: "_srv._tcp.a.org.", type: "SRV" },
  ],
  ["udp-dns://:53 name=localhost", { kind: "dns", port: 53, name: "localhost", type: "A" }],
  ["ping", { kind: "ping" }],
])("%s", (line, probe) => {
  expect(parseProbe(`  ${line} `)).toEqual({ ...probe, text: line });
});

test.each<[line: string, accepted: RegExp]>([
  ["", /tcp:\/\/:PORT; .*; ping$/],
  ["ping 10.0.0.2", /; ping$/],
  ["ftp://:21", /tcp:\/\/:PORT; .*; ping$/],
  ["tcp://8080", /without a host/],
  ["tcp://10.0.0.2:8080", /without a host/],
  ["tcp://:0", /tcp:\/\/:PORT$/],
  ["tcp://:65536", /tcp:\/\/:PORT$/],
  ["tcp://", /tcp:\/\/:PORT$/],
  ["tcp://:80/", /tcp:\/\/:PORT$/],
  ["tcp://:80 status=200", /tcp:\/\/:PORT$/],
  ["http:///path", /http:\/\/:PORT\/PATH/],
  ["http://:80/a#b", /http:\/\/:PORT\/PATH/],
  ["http://:80/straße", /http:\/\/:PORT\/PATH/],
  ["http://:80?a=b", /http:\/\/:PORT\/PATH/],
  ["http://:80/ insecure", /http:\/\/:PORT\/PATH/],
  ["http://:80/ status=200 status=201", /http:\/\/:PORT\/PATH/],
  ["http://:80/ status=20", /status= a number from 200 to 599/],
  ["http://:80/ status", /status= a number from 200 to 599/],
  ["http://:80/ body=hello", /with `\\\/` for a slash/],
  ["http://:80/ body=/a/b/", /with `\\\/` for a slash/],
  ["http://:80/ body=/a/g", /flags i, m and s/],
  ["http://:80/ body=/(/", /regular expression \(.*\)/],
  ["https://:443/ insecure=yes", /`insecure` without a value/],
  ["udp-dns://:53", /udp-dns:\/\/:PORT name=NAME/],
  ["udp-dns://:53 name=a..b", /name= a name such as example.org/],
  [`udp-dns://:53 name=${"a".repeat(64)}.org`, /name= a name such as example.org/],
  ["udp-dns://:53 name=a.org type=B", /type= one of A, AAAA/],
])("%s is refused, with what would be right", (line, accepted) => {
  const parse = () => parseProbe(line);
  expect(parse).toThrow(InputError);
  expect(parse).toThrow(expect.objectContaining({ accepted: expect.stringMatching(accepted) as string }));
});

test("a pattern keeps no state between answers", () => {
  const probe = parseProbe("http://:80/ body=/a/") as Probe & { readonly kind: "http" };
  expect([probe.body?.test("a"), probe.body?.test("a")]).toEqual([true, true]);
});

test("each port is forwarded once, and ping cannot be", () => {
  const probes = ["tcp://:80", "http://:80/", "https://:443/", "udp-dns://:53 name=a", "tcp://:53", "ping"].map(
    parseProbe,
  );
  expect(portsOf(probes)).toEqual([
    { protocol: "tcp", guestPort: 80 },
    { protocol: "tcp", guestPort: 443 },
    { protocol: "udp", guestPort: 53 },
    { protocol: "tcp", guestPort: 53 },
  ]);
  expect(probes.filter(needsTap).map(({ text }) => text)).toEqual(["ping"]);
});
