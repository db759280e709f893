import { expect, test } from "vitest";
import { addressArgumentsOf } from "../../../src/image/image.js";

/** Names as in the compiler's location tables: each ends in a NUL. */
const image = (...names: string[]) =>
  Buffer.from(["\x7fELF", ...names.map((name) => `Dune__exe__Main.${name}`), ""].join("\0"));
const known = (...names: string[]) => addressArgumentsOf(image(...names));

test("a static stack takes both arguments", () => {
  expect(
    known(
      "mirage_runtime_network_v4_network_ipaddr_v4_prefix_of_string_exn_10_0_0_224__key",
      "mirage_runtime_network_v4_gateway_none__key",
    ),
  ).toEqual(["ipv4", "ipv4-gateway"]);
});

test("a stack that uses DHCP takes both arguments", () => {
  expect(
    known("mirage_runtime_network_v4_gateway_none__key.(fun)", "mirage_runtime_network_v4_optional_network___key"),
  ).toEqual(["ipv4", "ipv4-gateway"]);
});

test.each([
  ["the names of the arguments, without their use", ["Mirage_runtime_network.V4.network", "ipv4", "ipv4-gateway"]],
  ["only those of IPv6", ["mirage_runtime_network_v6_network_none__key", "mirage_runtime_network_ipv4_only___key"]],
  [
    "those of a stack with a group",
    [
      "mirage_runtime_network_v4_network_groupmanagement___key",
      "mirage_runtime_network_v4_gateway_groupmanagement_none__key",
    ],
  ],
  ["another variable of that name", ["mirage_runtime_network_v4_network_is_nice"]],
  ["a name that the file ends in", ["mirage_runtime_network_v4_"]],
])("an image with %s takes none", (_, names) => {
  expect(known(...names)).toEqual([]);
});

test("a stack without a group is found next to one with a group", () => {
  expect(
    known(
      "mirage_runtime_network_v4_network_groupmanagement___key",
      "mirage_runtime_network_v4_optional_network___key",
    ),
  ).toEqual(["ipv4"]);
});
