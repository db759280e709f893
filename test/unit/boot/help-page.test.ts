import { describe, expect, test } from "vitest";
import { argumentRemedy, lacksArguments, readArguments } from "../../../src/boot/help-page.js";

// Real output of a unikernel of mirage 4.11.1 (cmdliner 2.0) with three arguments of its own; empty lines are left out.
const usage = "Usage: hello [--help] [--port=PORT] --remote=REMOTE [OPTION]… KEY";
const complaint = "hello: required argument KEY is missing";
const help = `NAME
       hello
SYNOPSIS
       hello [--port=PORT] --remote=REMOTE [OPTION]… KEY
ARGUMENTS
       KEY (required)
           The private key of the server.
OPTIONS
       --port=PORT (absent=80)
           The port to listen on.
       -r REMOTE, --remote=REMOTE (required)
           URL of the repository to serve.
LOG AND MONITORING OPTIONS
       -l LEVEL, --logs=LEVEL
           Be more or less verbose. LEVEL must be of the form
           *:info,foo:debug means that that the log threshold is set to info
OCAML RUNTIME OPTIONS
       --backtrace=BOOL (absent=true)
           Trigger the printing of a stack backtrace when an uncaught
           exception aborts the unikernel.
COMMON OPTIONS
       --help[=FMT] (default=auto)
           Show this help in format FMT.
Solo5: solo5_exit(63) called`.split("\n");

const key = { name: "KEY", doc: "The private key of the server" };
const remote = { name: "--remote=REMOTE", doc: "URL of the repository to serve" };
const port = { name: "--port=PORT", doc: "The port to listen on" };

test.each([
  [64, [], true],
  [1, ["www: required option --remote is missing"], true],
  [undefined, ["www: required arguments KEY, REMOTE are missing"], true],
  [1, ["Fatal error: exception Not_found"], false],
  [undefined, ["the file is missing"], false],
])("status %s and %j: %s", (status, console, lacks) => {
  expect(lacksArguments(status, console)).toBe(lacks);
});

describe("the arguments of a unikernel", () => {
  test("are those of its help, without those of mirage", () => {
    expect(readArguments([usage, complaint], help)).toEqual({ required: [key, remote], optional: [port] });
  });

  test("are required if the synopsis shows them without brackets, as with cmdliner before 1.1", () => {
    const older = help.map((line) => line.replace(" (required)", ""));
    expect(readArguments([], older).required).toEqual([key, remote]);
  });

  test("are required if the unikernel complains that they are missing", () => {
    const oldest = help
      .map((line) => line.replace(" (required)", ""))
      .map((line) => line.replace(/hello .*/, "hello [OPTION]..."));
    expect(readArguments([complaint], oldest).required).toEqual([key]);
    expect(readArguments(["hello: required arguments KEY, OTHER are missing"], oldest).required).toEqual([
      key,
      { name: "OTHER", doc: "" },
    ]);
  });

  test("are those of the usage line where the image gives no help", () => {
    expect(readArguments([usage, complaint], [])).toEqual({
      required: [
        { name: "--remote", doc: "" },
        { name: "KEY", doc: "" },
      ],
      optional: [],
    });
  });

  test("are at most twelve words of the guest", () => {
    const hostile = [
      "ARGUMENTS",
      ...Array.from({ length: 50 }, (_, at) => `       A${at} (required)`),
      "       `x`; (required)",
    ];
    const { required } = readArguments([], hostile);
    expect(required.map(({ name }) => name)).toEqual(Array.from({ length: 12 }, (_, at) => `A${at}`));
  });
});

test("the remedy names what is required, or else what is accepted, and offers check: help where it works", () => {
  expect(argumentRemedy({ required: [remote, key], optional: [port] }, true)).toBe(
    "set `args`: the image requires --remote=REMOTE (URL of the repository to serve), " +
      "KEY (The private key of the server); or set `check: help` to check only that it starts",
  );
  expect(argumentRemedy({ required: [], optional: [port] }, false)).toBe(
    "correct `args`: the image accepts --port=PORT (The port to listen on)",
  );
  expect(argumentRemedy({ required: [], optional: [] }, true)).toBeUndefined();
});
