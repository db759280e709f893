import { describe, expect, test } from "vitest";
import { toldAddress } from "../../../../src/boot/devices/addresses.js";
import { type NamedNetwork, parseNetwork } from "../../../../src/boot/devices/device-text.js";
import {
  type NetworkFacts,
  type NetworkQuestion,
  type PlannedNetwork,
  planNetworks,
} from "../../../../src/boot/devices/network-plan.js";
import type { HostInterface } from "../../../../src/platform/network/interfaces.js";
import type { Problem } from "../../../../src/platform/problem.js";

const question: NetworkQuestion = { ports: [], needsTap: false, isAddressable: true, told: undefined };
const facts: NetworkFacts = { noTap: undefined, noIsolation: undefined, interfaces: [], freePorts: [] };

const wanted = (options: string, name = "service"): NamedNetwork => {
  const asked = parseNetwork(options);
  if (asked.kind !== "any") throw new Error(options);
  return { name, options: asked.options };
};

const other = (name: string, ...addresses: string[]): HostInterface => ({ name, addresses, owner: undefined });

function plan(
  networks: readonly NamedNetwork[],
  asked: Partial<NetworkQuestion> = {},
  here: Partial<NetworkFacts> = {},
) {
  const planned = planNetworks(networks, { ...question, ...asked }, { ...facts, ...here });
  if ("holder" in planned) throw new Error(`busy: ${planned.network}`);
  return planned;
}

function problemOf(body: () => unknown): Problem {
  try {
    body();
  } catch (error) {
    return error as Problem;
  }
  throw new Error("no problem");
}

const addresses = (planned: readonly PlannedNetwork[]) =>
  planned.map(({ device: { link } }) =>
    link.kind === "tap" ? `${link.host} ${link.guest}` : `${link.gateway} ${link.guest}`,
  );

describe("a tap", () => {
  test("has the usual addresses, a name made of its network, and a card made of the guest’s address", () => {
    expect(plan([wanted("auto")])).toEqual([
      {
        device: {
          type: "net",
          name: "service",
          mac: "52:54:00:00:00:02",
          link: { kind: "tap", interface: "uci0a000000", host: "10.0.0.1/24", guest: "10.0.0.2" },
        },
        story: "tap uci0a000000 10.0.0.1/24, guest 10.0.0.2",
      },
    ]);
  });

  test.each([
    ["tap host=192.168.77.1/28", "192.168.77.1/28 192.168.77.2", "ucic0a84d00"],
    ["tap host=10.1.0.9/16 guest=10.1.7.7", "10.1.0.9/16 10.1.7.7", "uci0a010000"],
    ["tap host=10.1.0.2/24", "10.1.0.2/24 10.1.0.1", "uci0a010000"],
    ["tap guest=10.1.0.2", "10.1.0.1/24 10.1.0.2", "uci0a010000"],
    ["tap guest=10.1.0.1", "10.1.0.2/24 10.1.0.1", "uci0a010000"],
  ])("%s: %s", (options, expected, name) => {
    const planned = plan([wanted(options)]);
    expect(addresses(planned)).toEqual([expected]);
    expect(planned[0]?.device.link).toMatchObject({ interface: name });
  });

  test.each([
    [["--ipv4=10.5.0.7/24"], "10.5.0.1/24 10.5.0.7"],
    [["--ipv4=10.5.0.1/24"], "10.5.0.2/24 10.5.0.1"],
    [["--ipv4=10.5.0.7/24", "--ipv4-gateway=10.5.0.254"], "10.5.0.254/24 10.5.0.7"],
    [["--ipv4=10.5.0.7/24", "--ipv4-gateway=10.6.0.1"], "10.5.0.1/24 10.5.0.7"],
  ])("is on the network that the user’s arguments tell: %j", (args, expected) => {
    expect(addresses(plan([wanted("auto")], { told: toldAddress(args) }))).toEqual([expected]);
  });

  test("takes the next free network when the guest takes an address", () => {
    const interfaces = [other("eth0", "10.0.0.4/24"), other("docker0", "10.0.1.1/23"), other("wg0", "10.0.4.7/32")];
    expect(addresses(plan([wanted("auto")], {}, { interfaces }))).toEqual(["10.0.2.1/24 10.0.2.2"]);
  });

  test("counts an interface with our name as its network, with or without an address", () => {
    const interfaces = [other("uci0a000000"), other("uci0a000100"), other("uci")];
    expect(addresses(plan([wanted("auto")], {}, { interfaces }))).toEqual(["10.0.2.1/24 10.0.2.2"]);
  });

  test.each([
    ["a guest that takes no address", "auto", { isAddressable: false }, other("docker0", "10.0.0.1/16"), "10.0.0.0/24"],
    ["a network that was asked for", "tap host=10.7.0.1/24", {}, other("eth0", "10.7.0.4/20"), "10.7.0.0/24"],
    [
      "the network of the user’s arguments",
      "auto",
      { told: toldAddress(["--ipv4=10.7.0.2/24"]) },
      other("eth0", "10.7.0.4/20"),
      "10.7.0.0/24",
    ],
    ["a name that is taken", "auto", { isAddressable: false }, other("uci0a000000"), "10.0.0.0/24"],
  ])("of %s can be no other one: busy", (_, options, asked, holder, network) => {
    const interfaces = [other("lo", "127.0.0.1/8"), holder];
    expect(planNetworks([wanted(options)], { ...question, ...asked }, { ...facts, interfaces })).toEqual({
      network,
      holder,
    });
  });

  test("of several has a network of its own", () => {
    const interfaces = [other("eth0", "10.0.1.4/24")];
    const several = [wanted("auto"), wanted("auto", "management"), wanted("tap host=10.9.0.1/24", "third")];
    expect(addresses(plan(several, { isAddressable: false }, { interfaces }))).toEqual([
      "10.0.0.1/24 10.0.0.2",
      "10.0.2.1/24 10.0.2.2",
      "10.9.0.1/24 10.9.0.2",
    ]);
  });

  test("on the network of another device is refused", () => {
    expect(() => plan([wanted("auto"), wanted("tap host=10.0.0.9/24", "management")])).toThrow(
      /`management` would share the network 10\.0\.0\.0\/24/,
    );
  });

  test("that was required and cannot be made is an error with the reason", () => {
    const problem = problemOf(() => plan([wanted("tap")], {}, { noTap: "neither root nor sudo without a password" }));
    expect(problem.facts.because).toBe("neither root nor sudo without a password");
  });

  test("is made only where its guest can be isolated, unless it may reach everything", () => {
    const here = { noIsolation: "nft is not installed" };
    expect(plan([wanted("auto")], {}, here)[0]).toMatchObject({
      device: { link: { kind: "user", outside: false } },
      story: "user networking, guest 10.0.0.2 (no tap: its guest cannot be isolated: nft is not installed)",
    });
    expect(problemOf(() => plan([wanted("tap")], {}, here)).facts).toEqual({
      because: "its guest cannot be isolated: nft is not installed",
      do:
        "set `net: tap outside`, which lets the guest reach this host and its networks; " +
        "`net: user` needs no privileges",
    });
    expect(plan([wanted("tap outside")], {}, here)).toEqual(plan([wanted("tap outside")]));
  });

  test("with `outside` says so", () => {
    expect(plan([wanted("tap outside")])[0]).toMatchObject({
      device: { link: { kind: "tap", outside: true } },
      story: "tap uci0a000000 10.0.0.1/24, guest 10.0.0.2, which reaches this host and its networks",
    });
  });

  test("of a host whose networks are all in use cannot be made", () => {
    expect(() => plan([wanted("auto")], {}, { interfaces: [other("vpn", "10.0.0.1/8")] })).toThrow(
      /no network from 10\.0\.0\.0\/24/,
    );
  });
});

describe("user networking", () => {
  const ports = [
    { protocol: "tcp", guestPort: 80 },
    { protocol: "udp", guestPort: 53 },
  ] as const;

  test("is used when no tap can be made, forwards the probed ports, and gives the reason", () => {
    const planned = plan([wanted("auto")], { ports }, { noTap: "no rights", freePorts: [40001, 40002] });
    expect(planned[0]?.device.link).toEqual({
      kind: "user",
      network: "10.0.0.0/24",
      guest: "10.0.0.2",
      gateway: "10.0.0.1",
      outside: false,
      forwards: [
        { protocol: "tcp", guestPort: 80, hostPort: 40001 },
        { protocol: "udp", guestPort: 53, hostPort: 40002 },
      ],
    });
    expect(planned[0]?.story).toBe(
      "user networking, guest 10.0.0.2, tcp 80 at 127.0.0.1:40001, udp 53 at 127.0.0.1:40002 (no tap: no rights)",
    );
  });

  test("is what `outside` needs", () => {
    const [planned] = plan([wanted("outside")]);
    expect(planned?.device.link).toMatchObject({ kind: "user", outside: true });
    expect(planned?.story).toBe("user networking, guest 10.0.0.2");
  });

  test("is separate from the host’s networks: a guest that takes no address has the usual ones", () => {
    const interfaces = [other("eth0", "10.0.0.4/24")];
    expect(addresses(plan([wanted("user")], { isAddressable: false }, { interfaces }))).toEqual(["10.0.0.1 10.0.0.2"]);
    expect(addresses(plan([wanted("user host=10.0.0.9/24")], {}, { interfaces }))).toEqual(["10.0.0.9 10.0.0.1"]);
  });

  test("forwards to the first device only", () => {
    const planned = plan([wanted("user"), wanted("user", "management")], { ports }, { freePorts: [40001, 40002] });
    expect(planned.map(({ device: { link } }) => (link.kind === "user" ? link.forwards.length : -1))).toEqual([2, 0]);
    expect(addresses(planned)).toEqual(["10.0.0.1 10.0.0.2", "10.0.1.1 10.0.1.2"]);
  });

  test.each([
    ["user", {}, "`net: user` asks for it"],
    ["outside", {}, "`outside` asks for it"],
    ["auto", { noTap: "no rights" }, "no rights"],
    ["auto", { noIsolation: "no nft" }, "its guest cannot be isolated: no nft"],
  ])("%s does not carry a ping", (options, here, because) => {
    expect(problemOf(() => plan([wanted(options)], { needsTap: true }, here)).facts.because).toBe(because);
  });
});

test("a card gets the requested MAC address", () => {
  expect(plan([wanted("mac=02:00:00:00:00:01")])[0]?.device.mac).toBe("02:00:00:00:00:01");
});
