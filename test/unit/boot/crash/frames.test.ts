import { describe, expect, it } from "vitest";
import {
  crashAddresses,
  crashText,
  frameText,
  framesOf,
  functionName,
  isBelow,
  ocamlFrames,
} from "../../../../src/boot/crash/frames.js";

describe("the address of a crash", () => {
  it.each([
    ["Solo5, x86_64", ["Solo5: trap: type=#PF ec=0x2 rip=0x104080 rsp=0x1ffff58 rflags=0x46"], { at: "0x104080" }],
    [
      "Solo5, aarch64",
      ["Solo5: Dump registers:", "\t PC     : 0x00000000001039cc", "\t LR     : 0x0000000000143de0"],
      { at: "0x00000000001039cc", link: "0x0000000000143de0" },
    ],
    [
      "Unikraft, x86_64",
      ["[    0.37] CRIT: [libkvmplat] RIP: 00000010088df442 CS: 0008"],
      { at: "0x00000010088df442" },
    ],
    [
      "Unikraft, arm64",
      ["CRIT: [libkvmplat] \t ELR_EL1  : 0x0000000040121a2c", "CRIT: [libkvmplat] \t LR (x30) : 0x0000000040121a10"],
      { at: "0x0000000040121a2c", link: "0x0000000040121a10" },
    ],
    ["the first of several", ["RIP: 1 ", "RIP: 2 "], { at: "0x1" }],
    ["the first, and its link", ["PC : 0x1", "LR : 0x2", "PC : 0x3", "LR : 0x4"], { at: "0x1", link: "0x2" }],
  ])("is read as %s prints it", (_, lines, address) => {
    expect(crashAddresses(lines)).toEqual(address);
  });

  it.each([["drip=0x12"], ["rip=12"], ["RIP 0x12"], ["LR     : 0x12"], [""]])("is not in %j", (line) => {
    expect(crashAddresses([line])).toBeUndefined();
  });
});

it("addr2line's output has the inlined functions of each address", () => {
  const output = [
    "0x0000000000108aeb",
    "store",
    "/home/me/web/_build/solo5/stub.c:5",
    "fault_null",
    "/home/me/web/_build/solo5/stub.c:6 (discriminator 3)",
    "0x000000000010cbf1",
    "memcpy",
    "??:?",
    "0xffff800000000010",
    "??",
    "??:0",
    "",
  ].join("\n");
  expect(framesOf(output)).toEqual([
    [
      { function: "store", source: { file: "/home/me/web/_build/solo5/stub.c", line: 5 } },
      { function: "fault_null", source: { file: "/home/me/web/_build/solo5/stub.c", line: 6 } },
    ],
    [{ function: "memcpy" }],
    [],
  ]);
});

describe("OCaml's own backtrace", () => {
  it("has the names and lines of the calls", () => {
    expect(
      ocamlFrames([
        "Fatal error: exception Not_found",
        'Raised at Stdlib__Hashtbl.find in file "hashtbl.ml", line 542, characters 13-28',
        'Called from Dune__exe__Faults.lookup in file "faults.ml" (inlined), line 7, characters 18-41',
        'Re-raised at Lwt.Miscellaneous.poll in file "src/core/lwt.ml", line 3123, characters 20-29',
        'Raised by primitive operation at Dune__exe__Main in file "main.ml", lines 4-6, characters 2-5',
        'Called from Dune__exe__Unikernel.start.(fun) in file "unikernel.ml", line 20, characters 6-29',
        'Called from Web__Flow.(>>=) in file "flow.ml", line 3, characters 6-29',
        'Called from file "main.ml", line 9, characters 1-2',
        "Called from unknown location",
      ]),
    ).toEqual([
      { function: "Stdlib.Hashtbl.find", source: { file: "hashtbl.ml", line: 542 } },
      { function: "Faults.lookup", source: { file: "faults.ml", line: 7 } },
      { function: "Lwt.Miscellaneous.poll", source: { file: "src/core/lwt.ml", line: 3123 } },
      { function: "Main", source: { file: "main.ml", line: 4 } },
      { function: "Unikernel.start.(fun)", source: { file: "unikernel.ml", line: 20 } },
      { function: "Web.Flow.(>>=)", source: { file: "flow.ml", line: 3 } },
      { source: { file: "main.ml", line: 9 } },
    ]);
  });

  it("is the one after the last words, not that of a thread before", () => {
    const raised = (line: number) => `Raised at Main.f in file "main.ml", line ${line}, characters 1-2`;
    const lines = [
      "Thread 1 killed on uncaught exception Not_found",
      raised(1),
      "Fatal error: exception Exit",
      raised(2),
    ];
    expect(ocamlFrames(lines)).toEqual([{ function: "Main.f", source: { file: "main.ml", line: 2 } }]);
    expect(ocamlFrames(lines.slice(0, 3))).toEqual([]);
  });

  it.each([
    ['Fatal error: exception File "faults.ml", line 17, characters 16-22: Assertion failed', 17],
    ['Fatal error: exception File "faults.ml", line 3, characters 2-51: Pattern matching failed', 3],
    ['Fatal error: exception Fun.Finally_raised: File "faults.ml", line 8, characters 1-2: Assertion failed', 8],
  ])("or the place in the exception: %s", (line, number) => {
    expect(ocamlFrames(["Serving", line])).toEqual([{ source: { file: "faults.ml", line: number } }]);
  });

  it.each([
    'Fatal error: exception Failure("no such key")',
    'File "faults.ml", line 17, characters 16-22:',
    'Called from Main in file "main.ml"',
  ])("is not in %s", (line) => {
    expect(ocamlFrames([line])).toEqual([]);
  });
});

it.each([
  ["camlDune__exe__Main.handle_272", "Main.handle"],
  ["camlDune__exe__Main__handle_272", "Main.handle"],
  ["camlStdlib__Hashtbl.find_rec_541", "Stdlib.Hashtbl.find_rec"],
  ["camlMain__fun_1234", "Main.(fun)"],
  ["camlMain.$2b$2b_12", "Main.++"],
  ["camlMain.entry", "Main.entry"],
  ["caml_alloc_small", "caml_alloc_small"],
  ["memcpy", "memcpy"],
])("the symbol %s is %s", (symbol, name) => {
  expect(functionName(symbol)).toBe(name);
});

it.each([
  ["is there", "Stdlib.failwith", ['  | None -> failwith "no port"'], false],
  ["is some lines below", "Stdlib.invalid_arg", ["  Printf.ksprintf", "    invalid_arg"], false],
  ["is not there", "Stdlib.failwith", ["let () = serve kind", "let x = 1"], true],
  ["is not of interest: another function raised", "Stdlib.Hashtbl.find", ["let () = serve kind"], false],
])("a place whose call that raised %s", (_, name, lines, below) => {
  expect(isBelow([{ function: name }, { function: "Main.serve" }], lines)).toBe(below);
});

it("a place reads as a phrase", () => {
  const source = { file: "main.ml", line: 42 };
  expect(frameText({ function: "Main.handle", source })).toBe("Main.handle (main.ml:42)");
  expect(crashText({ frames: [{ function: "memcpy" }], own: { function: "Main.handle", ...source } })).toBe(
    "in Main.handle (main.ml:42)",
  );
  expect(crashText({ frames: [{ source }], own: source })).toBe("at main.ml:42");
  expect(crashText({ frames: [{ function: "memcpy" }, { function: "f" }] })).toBe("in memcpy");
  const raiser = { function: "Stdlib.failwith", source: { file: "stdlib.ml", line: 29 } };
  expect(crashText({ frames: [raiser, { function: "Main.handle", source }] })).toBe(
    "in Stdlib.failwith, called from Main.handle (main.ml:42)",
  );
  expect(crashText({ frames: [raiser] })).toBe("in Stdlib.failwith (stdlib.ml:29)");
  expect(crashText({ frames: [], own: { function: "Main.start", ...source }, isBelow: true })).toBe(
    "below Main.start (main.ml:42)",
  );
});
