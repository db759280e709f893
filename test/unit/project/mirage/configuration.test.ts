import { describe, expect, test } from "vitest";
import { isConfiguration } from "../../../../src/project/mirage/config-ml.js";
import { findConfigurations } from "../../../../src/project/mirage/configuration.js";
import { folderWith } from "../fixtures.js";

describe("a config.ml is mirage’s", () => {
  test.each([
    "open Mirage",
    'let main = Mirage.main "U" job',
    "(* mirage < 5 *)",
    'let () = let open Mirage in register "x" []',
    "module M = Mirage",
    '(* a comment with a "string *) " *) open Mirage',
    "let quote = '\"' open Mirage",
    "let escaped = '\\'' open! Mirage",
    "let text = {x| (* |x} include Mirage",
  ])("%s", (text) => expect(isConfiguration(text)).toBe(true));
});

describe("a config.ml is another program’s", () => {
  test.each([
    "(* Build-time settings. Not used when built under Mirage. *)\nlet port = 80",
    'let about = "open Mirage"',
    "let about = {|open Mirage|}",
    "let about = {x| |} open Mirage |x}",
    "(* (* nested *) open Mirage *)",
    '(* a string hides the end: " *) open Mirage " *)',
    '"unclosed open Mirage',
    "type backend = Unix | Mirage",
    "let default = Mirage",
    "module M = Net.Mirage.Tcp",
    "open Mirage_net",
    "let mirage = 1",
    "",
  ])("%s", (text) => expect(isConfiguration(text)).toBe(false));
});

test("configurations are found in subfolders, but not those of others’ sources, tests and examples", async () => {
  const files = ["mirage", "apps/one", "a/b/c", "duniverse/x", "_build/default", ".git", "test", "examples/hello"];
  const folder = await folderWith({
    ...Object.fromEntries(files.map((name) => [`${name}/config.ml`, "open Mirage"])),
    "lib/config.ml": "(* under Mirage *)",
  });
  expect(await findConfigurations(folder)).toEqual(["apps/one/config.ml", "mirage/config.ml"]);
});
