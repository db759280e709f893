import type { ProtectionTable } from "../protection.js";

// What guests print, and what users and images have in them.

export const foreignTexts: ProtectionTable = {
  "a long line is cut at the same places, at once or in pieces": [
    ["src/platform/process/line-reader.ts", "flatMap((line) => this.cut(line))", "flatMap((line) => [line])"],
  ],
  "a pattern that backtracks exponentially is an error, and the VMM is ended": [
    ["src/boot/judge/judge.ts", "withinTime(limitMs, look)", "look()"],
  ],
  "arguments reach it as they are, never through a shell": [
    ["src/platform/process/process.ts", "],\n      ", "],\n      shell: true,\n      "],
  ],
  "aliases (*x) are not taken": [
    [
      "src/actions/scenarios.ts",
      'visit(document, {\n    Alias: (_, alias) => {\n      throw new Problem(`${lineOf(alias)}: aliases (*${alias.source}) are not taken`, {\n        do: "write what all scenarios share into the inputs of the step",\n      });\n    },\n  })',
      'void {\n    Alias: (_, alias) => {\n      throw new Problem(`${lineOf(alias)}: aliases (*${alias.source}) are not taken`, {\n        do: "write what all scenarios share into the inputs of the step",\n      });\n    },\n  }',
    ],
  ],
  "boots.yml has 65555 bytes": [["src/actions/scenarios.ts", "bytes > mostBytes", "false"]],
  '"constructor" is not a key of scenarios': [
    [
      "src/actions/scenarios.ts",
      "scenarioInputs.find((known) => known === textOf(key))",
      '({ args: "args" } as unknown as Record<string, ScenarioInput>)[textOf(key) ?? ""]',
    ],
  ],
  "over and over is refused, and ends nothing": [["src/actions/scenarios.ts", "if (isNested(text))", "if (false)"]],
  "128 kB of %j are read at once": [["src/toolchain/opam/file.ts", ";\n  return text.length", ";\n  return start"]],
  "programs of others get neither the runner’s tokens nor our inputs and command files": [
    ["src/platform/process/guarded-environment.ts", "ACTIONS_.*|", ""],
    ["src/platform/process/guarded-environment.ts", "INPUT_.*|", ""],
    ["src/platform/process/guarded-environment.ts", "|GITHUB_(OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)", ""],
  ],
  "thousands of damaged files are refused or recognised within seconds": [
    ["src/image/bytes.ts", "!(offset >= 0 && length >= 0 && offset + length <= this.length)", "false"],
  ],
  "what the runner gave to us alone does not reach a build": [
    ["src/project/environment.ts", "environmentForOthers(caller)", "caller"],
  ],
  "an endless line is cut without loss": [
    ["src/platform/process/line-reader.ts", "flatMap((line) => this.cut(line))", "flatMap((line) => [line])"],
  ],
  "a console that is %s": [["src/platform/files/console-file.ts", "chunk.subarray(0, this.room)", "chunk"]],
  "an endless body is read to a limit, and only that is matched": [
    ["src/platform/ask/http.ts", '  if (this.bytes === bodyLimit) onEnd(this.answer("cut"));\n    ', ""],
  ],
  "headers without end are refused": [
    ["src/platform/ask/http.ts", "host,\n        port,", "maxHeaderSize: 2 ** 30,\n        host,\n        port,"],
  ],
  "of an endless output the end is kept": [
    [
      "src/platform/process/process.ts",
      "this.length - (this.chunks[0]?.length ?? 0) > keptCharacters)\n     ",
      "false)",
    ],
  ],
  "a device name that could be taken for an option": [
    ["src/image/solo5.ts", "!/^[A-Za-z0-9]+$/.test(name))\n       ", "false)"],
  ],
  "a folder outside the workspace": [["src/project/folder.ts", "isOutside(await realpath(workspace), real)", "false"]],
  "a link that leads outside": [
    ["src/project/folder.ts", "isOutside(await realpath(workspace), real)", "isOutside(workspace, path)"],
  ],
  "a configuration outside": [["src/project/detect.ts", "isOutside(directory, path)", "false"]],
  "is refused when the service would refuse it: %j": [
    ["src/artifact/artifact-name.ts", "!forbidden.test(name)", "true"],
    ["src/artifact/artifact-name.ts", " && !/^\\.*$/.test(name)", ""],
    ["src/artifact/artifact-name.ts", " && Buffer.byteLength(name) <= longestName", ""],
  ],
  "a file’s name in an artifact loses what the service refuses": [
    ["src/artifact/artifact-name.ts", '.replace(new RegExp(forbidden, "g"), "-")', ""],
  ],
  "%j is no version": [["src/release/images.ts", "(?:\\+[0-9A-Za-z.-]+)?)$/", "(?:\\+[0-9A-Za-z.-]+)?)/"]],
  "is accepted by sha256sum, and is what it writes, odd names too": [
    ["src/artifact/checksums.ts", 'n", "\\\\n").replaceAll("\\', ""],
  ],
  "is read as it is written, whatever a name has, and nothing else is": [
    [
      "src/artifact/checksums.ts",
      'escape === "" ? name : name.replace(/\\\\[\\\\nr]/g, (pair) => unescaped[pair] ?? pair)',
      "name",
    ],
  ],
  "nothing outside of the repository or that is no file": [
    ["src/project/diagnostics.ts", "isOutside(workspace, path) || ", ""],
  ],
  "a pattern that backtracks exponentially does not hold, and stops in time": [
    ["src/boot/probes/answers.ts", "withinTime(longestMatchMs, () => pattern.test(body))", "pattern.test(body)"],
  ],
  "doubles commas, which separate modules in QEMU": [["src/boot/vmms/loader.ts", '.replaceAll(",", ",,")', ""]],
  "Solo5’s tenders": [["src/boot/vmms/solo5.ts", '"--", ', ""]],
  "QEMU hands over arguments as one word": [["src/boot/vmms/qemu.ts", "commandLine(words)", "...words"]],
  "a line without end does not fill the memory: it is cut, and nothing of it is lost": [
    ["src/platform/process/line-reader.ts", "flatMap((line) => this.cut(line))", "flatMap((line) => [line])"],
  ],
};
