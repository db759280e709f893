import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { describe, expect, inject, it } from "vitest";
import { checkIsolation } from "../../src/platform/network/isolation.js";
import { whyNoTap } from "../../src/platform/network/tap.js";
import { hasCapability } from "../../src/platform/process/sudo.js";
import { skipNote } from "../skip-note.js";
import { sureMs, whatIsReached } from "./guests-on-taps.js";
import { contextIn } from "./hold-devices.js";

const here = contextIn(tmpdir());
const missing = (await whyNoTap(here)) ?? (await checkIsolation(here)) ?? whyNoNamespaces();
const asRoot = here.host.isRoot || missing !== undefined ? [] : ["sudo", "-n"];
// There all of it is sure: a skip would hide a fault of ours.
if (inject("isHostedRunner")) it("a hosted runner isolates taps", () => expect(missing).toBeUndefined());

function whyNoNamespaces(): string | undefined {
  const status = execFileSync("cat", ["/proc/self/status"], { encoding: "utf8" });
  return hasCapability(status, "CapBnd", "sysAdmin") ? undefined : "root in this container makes no network namespaces";
}

/** For answers that must not come. */
const shortMs = 2_000;

/** Each is asked by TCP and by UDP. */
const byBoth = (answers: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(answers).flatMap(([place, answer]) => ["tcp", "udp"].map((kind) => [`${place} by ${kind}`, answer])),
  );
const [own, neighbour] = ["host=10.213.1.1/24", "host=10.213.2.1/24"] as const;
const answersOfGuest = {
  "tcp://:8080": "connection accepted",
  "tcp://:9": "connection refused",
  ping: expect.stringMatching(/ bytes from 10\.213\.1\.2: |^the program ping is not installed$/) as string,
  udp: "guest 10.213.1.2",
};

describe.skipIf(missing !== undefined)(`a guest on a tap${skipNote(missing)}`, () => {
  it("answers the host, and reaches neither its services nor the guest of another tap", async () => {
    const { byHost, byGuest, asked } = await whatIsReached(asRoot, [`tap ${own}`, `tap outside ${neighbour}`], shortMs);
    expect(byHost).toEqual(answersOfGuest);
    const nothing = { "0.0.0.0": "", "the tap’s address": "", "the other tap’s address": "", "::": "" };
    expect(byGuest).toEqual(byBoth({ ...nothing, "the neighbour": "" }));
    expect(asked).toEqual([]);
  });

  it("answers no guest of another tap", async () => {
    const { byGuest } = await whatIsReached(asRoot, [`tap outside ${own}`, `tap ${neighbour}`], shortMs);
    expect(byGuest).toMatchObject(byBoth({ "the neighbour": "" }));
  });

  it("reaches both with `outside`", async () => {
    const { byHost, byGuest } = await whatIsReached(asRoot, [`tap outside ${own}`, `tap outside ${neighbour}`], sureMs);
    expect(byHost).toEqual(answersOfGuest);
    const services = {
      "0.0.0.0": "0.0.0.0",
      "the tap’s address": "10.213.1.1",
      "the other tap’s address": "0.0.0.0",
      "::": "::",
    };
    expect(byGuest).toEqual(byBoth({ ...services, "the neighbour": "guest 10.213.2.2" }));
  });
});
