import { describe, expect, it } from "vitest";
import { debuggerCommand, dumpCommand, framesOfDebugger, stopsFor } from "../../../../src/boot/crash/debugger.js";

const commands = (words: readonly string[]) => words.filter((_, index) => words[index - 1] === "-ex");

describe("gdb", () => {
  const qemu = { kind: "remote", argv: ["qemu-system-x86_64", "-kernel", "/web/it's.virtio"] } as const;
  const spt = { kind: "process", argv: ["solo5-spt", "--", "/web/a.spt", "-ex quit"] } as const;

  it("starts QEMU as a program of its own, and takes the symbols from the image", () => {
    const words = debuggerCommand("/usr/bin/gdb", "/web/a.dbg", qemu, ["cpu_trap_14"]);
    expect(words.slice(0, 5)).toEqual(["/usr/bin/gdb", "-batch", "-nx", "-iex", "set auto-load off"]);
    expect(words.at(-1)).toBe("/web/a.dbg");
    expect(commands(words)).toContain("target remote | exec qemu-system-x86_64 -kernel '/web/it'\\''s.virtio'");
  });

  it("starts a tender, whose words it does not read, and adds the image's symbols", () => {
    const words = debuggerCommand("gdb", '/my "web"/a.spt', spt, []);
    expect(words.slice(words.indexOf("--args"))).toEqual(["--args", ...spt.argv]);
    expect(commands(words)).toContain('add-symbol-file "/my \\"web\\"/a.spt"');
  });

  it("reads a core file without running anything", () => {
    const words = dumpCommand("gdb", "/web/a.dbg", "/tmp/dumps/core");
    expect(words.slice(-2)).toEqual(["/web/a.dbg", "/tmp/dumps/core"]);
    expect(commands(words).filter((each) => /^(?:run|start|continue|target|hbreak)/.test(each))).toEqual([]);
  });

  it("stops at each breakpoint, and goes on once", () => {
    const words = commands(debuggerCommand("gdb", "/a", qemu, ["abort", "f if $rsp == 1"]));
    expect(words.filter((each) => /^(?:hbreak|continue)/.test(each))).toEqual([
      "hbreak *&abort",
      "hbreak *&f if $rsp == 1",
      "continue",
    ]);
  });
});

it.each([
  ["trap", ["Solo5: trap: type=#PF ec=0x2 rip=0x1"], ["cpu_trap_14"]],
  ["trap", ["Solo5: trap: type=#DE rip=0x1"], ["cpu_trap_0"]],
  ["trap", ["Solo5: trap: type=#XX rip=0x1", "Solo5: Trap: EL1 caught"], []],
  ["abort", [], ["abort", "solo5_abort"]],
  ["exception", ["Fatal error: exception Not_found"], []],
] as const)("a failure by %s after %j is seen at %j", (reason, lines, stops) => {
  expect(stopsFor(reason, lines)).toEqual(stops);
});

it("a trap of Unikraft is one of its handlers, entered from the address on the console", () => {
  const stops = stopsFor("trap", [
    "CRIT: [libkvmplat] RIP: 00000000001b19c1 CS: 0008",
    "CRIT: [libkvmplat] RIP: 0000000000101257 ",
  ]);
  expect(stops[0]).toBe(
    "asm_trap_page_fault if *(unsigned long *) ($rsp + 0) == 0x00000000001b19c1 || " +
      "*(unsigned long *) ($rsp + 8) == 0x00000000001b19c1",
  );
  expect(stops.length).toBeGreaterThan(3);
});

describe("gdb's backtraces", () => {
  const output = (stopped: string, trapped = "", called = "") =>
    `0xfff0 in ?? ()\n[stopped]\n${stopped}[trapped]\n${trapped}[called]\n${called}` +
    "[Inferior 1 (process 1) killed]\n#9 x () at y.c:1\n";
  const handler = "#0  cpu_trap_14 () at /bindings/vectors.S:100\n#1  0x0000000000000002 in ?? ()\n";
  const trap = [
    "#0  0x000000000010cbf1 in memcpy ()",
    "#1  0x0000000000108b86 in fault_copy (n=7) at /web/_build/solo5/stub.c:8",
    "#2  <signal handler called>",
    "#3  camlDune__exe__Faults.handle_366 () at /web/_build/solo5/faults.ml:12",
    "#4  0x00000000001000f4 in _newstack () from /lib/x.so",
    "#5  0x0000000000000000 in ?? ()",
    "Backtrace stopped: previous frame inner to this frame (corrupt stack?)",
    "",
  ].join("\n");
  const frames = [
    { function: "memcpy" },
    { function: "fault_copy", source: { file: "/web/_build/solo5/stub.c", line: 8 } },
    { function: "Faults.handle", source: { file: "/web/_build/solo5/faults.ml", line: 12 } },
  ];

  it.each([handler, handler.replace("cpu_trap_14", "asm_trap_gp_fault")])(
    "are those of the code that the handler interrupted: %s",
    (one) => {
      expect(framesOfDebugger(output(one, trap, "#0  wrong () at w.c:1\n"))).toMatchObject(frames);
    },
  );

  it("are those of the caller where the processor jumped to no code", () => {
    const nowhere = "#0  0xffff800000000010 in ?? ()\n#1  0x0000000000000000 in ?? ()\n";
    expect(framesOfDebugger(output(handler, nowhere, trap))).toMatchObject(frames);
  });

  it("are those of where it stopped, without a handler", () => {
    expect(framesOfDebugger(output(trap, "#0  wrong () at w.c:1\n"))).toMatchObject(frames);
  });

  it("are those of the caller where a core file ends in no code", () => {
    const nowhere = "#0  0xffff800000000010 in ?? ()\n#1  0x0000000000000000 in ?? ()\n";
    const caller =
      "#0  0x0000000000108b86 in fault_jump (n=7) at /web/_build/solo5/stub.c:7\n7\tstub.c: No such file\n";
    expect(framesOfDebugger(`[New process 1]\n[stopped]\n${nowhere}[called]\n${caller}`)).toEqual([
      { function: "fault_jump", source: { file: "/web/_build/solo5/stub.c", line: 7 } },
    ]);
    expect(framesOfDebugger(`[stopped]\n${trap}[called]\n#0  wrong () at w.c:1\n`)).toMatchObject(frames);
  });

  it("are none when it did not stop, or was not started", () => {
    expect(framesOfDebugger(output("No stack.\n", "No stack.\n", "No stack.\n"))).toEqual([]);
    expect(framesOfDebugger("gdb: unrecognized option\n")).toEqual([]);
    expect(framesOfDebugger("#0  x () at y.c:1\n")).toEqual([]);
  });
});
