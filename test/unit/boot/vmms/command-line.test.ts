import { expect, test } from "vitest";
import { commandLine } from "../../../../src/boot/vmms/command-line.js";

test.each([
  ["plain words stand as they are", ["--ipv4=10.0.0.2/24", "-l", "*:debug"], "--ipv4=10.0.0.2/24 -l *:debug"],
  ["a word with blanks is quoted", ["--hello=to you"], '"--hello=to you"'],
  ["tabs and newlines too", ["a\tb", "c\nd"], '"a\tb" "c\nd"'],
  ["an empty word stays a word", ["", "x"], '"" x'],
  ["quotes and backslashes are escaped", ['say "hi"', "C:\\"], '"say \\"hi\\"" "C:\\\\"'],
  ["other shell characters mean nothing", ["it's", "$HOME", "`x`", ";"], "it's $HOME `x` ;"],
  ["no words", [], ""],
])("%s", (_, words, expected) => {
  expect(commandLine(words)).toBe(expected);
});
