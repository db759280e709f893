import { describe, expect, it } from "vitest";
import { GuestClock } from "../../../src/boot/guest-events.js";

/** A machine whose time and whose waiting monitor are the test's. */
function machine(mostMs = 1_000) {
  const at = { ms: 5_000, heldUpMs: 40 };
  return {
    at,
    clock: new GuestClock(
      () => at.heldUpMs,
      mostMs,
      () => at.ms,
    ),
  };
}

describe("the time of a guest", () => {
  it("is the machine’s while the VMM runs", () => {
    const { at, clock } = machine();
    expect(clock.nowMs).toBe(0);
    at.ms += 250.4;
    expect(clock.nowMs).toBe(250);
    expect(clock.momentOf(300)).toBe(5_300);
  });

  it("stops while the VMM waits for a processor, and so do the deadlines", () => {
    const { at, clock } = machine();
    at.ms += 500;
    at.heldUpMs += 400;
    expect(clock.nowMs).toBe(100);
    expect(clock.momentOf(300)).toBe(5_700);
  });

  it("never goes back, although waiting is counted late", () => {
    const { at, clock } = machine();
    at.ms += 500;
    expect(clock.nowMs).toBe(500);
    at.heldUpMs += 300;
    expect(clock.nowMs).toBe(500);
    at.ms += 400;
    expect(clock.nowMs).toBe(600);
  });

  it("stops only up to the limit", () => {
    const { at, clock } = machine(200);
    at.ms += 1_000;
    at.heldUpMs += 900;
    expect(clock.nowMs).toBe(800);
  });

  it("restarts at 0 without the earlier waiting", () => {
    const { at, clock } = machine();
    at.ms += 500;
    at.heldUpMs += 400;
    clock.restart();
    expect(clock.nowMs).toBe(0);
    at.ms += 100;
    expect(clock.nowMs).toBe(100);
  });
});
