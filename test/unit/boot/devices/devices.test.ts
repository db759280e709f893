import { expect, test } from "vitest";
import { hasAccepted } from "../../../../src/boot/devices/devices.js";

/** As QEMU 7.2 prints it. */
const info = (...lines: string[]) =>
  [
    "Hub -1 (#net042):",
    "  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ",
    ...lines,
    "  TCP[HOST_FORWARD]   9       127.0.0.1 18080       10.0.2.15    80     0     0",
    "  TCP[HOST_FORWARD]   3       127.0.0.1 18081       10.0.2.15    81     0     0",
    "  UDP[HOST_FORWARD]   8       127.0.0.1 18053       10.0.2.15    53     0     0",
    "",
  ].join("\r\n");
const connection = (state: string, port = 18080) =>
  `  TCP[${state}]`.padEnd(19) + `  10       127.0.0.1 ${port}       10.0.2.15    80     0     0`;

test.each(["ESTABLISHED", "CLOSE_WAIT", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSING", "LAST_ACK", "TIME_WAIT"])(
  "a connection in %s was accepted by the guest",
  (state) => expect(hasAccepted(info(connection("SYN_SENT"), connection(state)), 18080)).toBe(true),
);

test.each(["SYN_SENT", "SYN_RCVD", "CLOSED", "NONE"])("a connection in %s was not", (state) =>
  expect(hasAccepted(info(connection(state)), 18080)).toBe(false),
);

test("a forwarded port alone was not", () => expect(hasAccepted(info(), 18080)).toBe(false));

test("connections of other ports do not count, nor one that the guest opened from a port of that number", () => {
  const outgoing = "  TCP[ESTABLISHED]   12       10.0.2.15 18080     192.0.2.1    80     0     0";
  expect(hasAccepted(info(connection("ESTABLISHED", 18081), outgoing), 18080)).toBe(false);
});

test("other text has no connection", () => {
  expect(hasAccepted("", 18080)).toBe(false);
  expect(hasAccepted("unknown command: 'info usernet'\r\n", 18080)).toBe(false);
});
