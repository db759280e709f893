import { type ProtectionTable, without } from "../protection.js";

// What guests print, and what users and images have in them.

export const foreignTexts: ProtectionTable = {
  "a long line is cut at the same places, at once or in pieces": [{ mark: "lines-have-a-length", instead: "[line]" }],
  "of %s is a mistake of the user, with the patterns named": [
    { mark: "console-patterns-have-a-time", instead: "look()" },
  ],
  "a pattern of ours has a time, too": [{ mark: "console-patterns-have-a-time", instead: "look()" }],
  "slow reads add up: a pattern that is slow each time is refused, and does not starve other boots": [
    "slow-patterns-add-up",
  ],
  "a guest that never pauses cannot delay its deadline": ["output-moves-no-deadline"],
  "what the %s says waits in its pipe, not in our memory, while the judge or the disk is slower": [
    "output-waits-for-its-judge",
  ],
  "other boots take their turns while a flood is judged": ["boots-take-turns"],
  "of all in the sources": [
    {
      file: "src/boot/judge/decision.ts",
      from: "Parameter '.{0,200}' is unexpected",
      to: "Parameter '.*' is unexpected",
    },
  ],
  "arguments reach it as they are, never through a shell": [
    { mark: "programs-have-no-shell", instead: (stdio) => `${stdio}, shell: true` },
  ],
  "aliases (*x) are not supported": ["scenarios-have-no-aliases"],
  "boots.yml has 65555 bytes": ["scenarios-have-a-size"],
  '"constructor" is not a key of scenarios': [
    {
      mark: "scenario-keys-are-a-list",
      instead: '({ args: "args" } as unknown as Record<string, (typeof settable)[number]>)[textOf(key) ?? ""]',
    },
  ],
  "over and over is refused, and ends nothing": ["scenarios-have-a-depth"],
  "64 kB of %j are read at once": [{ mark: "endless-strings-end-the-text", instead: "start" }],
  "programs of others get neither the runner’s tokens nor our inputs and command files": [
    { mark: "variables-of-ours-alone", instead: without("ACTIONS_.*|") },
    { mark: "variables-of-ours-alone", instead: without("INPUT_.*|") },
    { mark: "variables-of-ours-alone", instead: without("|GITHUB_(OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)") },
  ],
  "thousands of damaged files are refused or recognised within seconds": ["reads-stay-in-the-image"],
  "what the runner gave to us alone does not reach a build": [{ mark: "builds-get-no-secrets", instead: "caller" }],
  "an endless line is cut without loss": [{ mark: "lines-have-a-length", instead: "[line]" }],
  "a console that is %s": [{ mark: "console-file-has-a-limit", instead: "chunk" }],
  "an endless body is read to a limit, and only that is matched": ["answer-body-has-a-limit"],
  "headers without end are refused": [
    { mark: "answer-headers-have-a-limit", instead: (host) => `${host}, maxHeaderSize: 2 ** 30` },
  ],
  "of an output that is data all is kept, or it is an error": ["data-is-whole"],
  "comes to an end where the file system takes no new folders": ["folders-are-made-once"],
  "a link leads to the toolchain’s path, whatever characters it has": [
    { mark: "paths-are-no-patterns", instead: "target.replace(placeholder, path)" },
  ],
  "of an endless output the end is kept": ["kept-output-has-a-size"],
  "a device name that could be taken for an option": ["device-names-are-words"],
  "a folder outside the workspace": ["project-is-inside"],
  "a link that leads outside": [{ mark: "project-is-inside", instead: "isOutside(workspace, path)" }],
  "a configuration outside": ["configuration-is-inside"],
  "is refused when the service or a reader would misread it: %j": [
    "artifact-name-characters",
    "artifact-name-is-no-folder",
    "artifact-name-length",
  ],
  "a file’s name in an artifact loses what the service refuses": [{ mark: "file-name-characters", instead: "name" }],
  "%j is no version": [{ mark: "versions-end", instead: (pattern) => pattern.replace("$/", "/") }],
  "sha256sum accepts the file, and writes the same, even for odd names": [
    {
      mark: "checksum-names-are-one-line",
      instead: String.raw`name.replaceAll("\\", "\\\\").replaceAll("\r", "\\r")`,
    },
  ],
  "a checksum file is read as it was written, whatever the names, and any other text is refused": [
    { mark: "checksum-names-are-unescaped", instead: "true" },
  ],
  "but no file that is missing or outside the repository": ["annotations-are-inside"],
  "a pattern that backtracks exponentially does not hold, and stops in time": [
    { mark: "answer-patterns-have-a-time", instead: "pattern.test(body)" },
  ],
  "doubles commas, which separate modules in QEMU": [
    { mark: "module-commas-are-doubled", instead: "`${imagePath} ${words}`" },
  ],
  "doubles the commas of paths, which would begin another module": [
    { mark: "xen-module-commas-are-doubled", instead: "module" },
  ],
  "gets its arguments as one string: no argument adds a line to its configuration": [
    { mark: "xen-arguments-are-one-string", instead: '`"${commandLine(args)}"`' },
  ],
  "starts Xen without a console, and gives the serial port to its control domain": [
    { mark: "xen-has-no-console", instead: '"console=com1"' },
  ],
  "Solo5’s tenders": ["tender-options-end"],
  "QEMU hands over arguments as one word": [{ mark: "qemu-arguments-are-one-word", instead: "...words" }],
  "a line without end does not fill the memory: it is cut, and nothing of it is lost": [
    { mark: "lines-have-a-length", instead: "[line]" },
  ],
};
