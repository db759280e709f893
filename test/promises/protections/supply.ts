import type { ProtectionTable } from "../protection.js";

// What we are made of and what we may do.

export const supply: ProtectionTable = {
  "takes the least permissions, and ends": [["templates/github/unikernel.yml", "permissions: {}\n", ""]],
  "uses full commits only, with the version beside them": [["templates/github/unikernel.yml", "@<commit>", "@v1"]],
  "is done by the files that the documentation lists, and by no other": [
    [
      "src/platform/files/disks.ts",
      'problem.js";\nimport { ',
      'problem.js";\nimport { rootPrefix } from "../process/sudo.js";\nimport { ',
    ],
  ],
  "by KVM’s repair is no command that the documentation lacks": [
    ["src/platform/kvm.ts", 'rm", "-f", ruleFile', 'mv", ruleFile, "/tmp"'],
  ],
  "a rule is tried first, and its success is told": [["src/platform/kvm.ts", 'context.log.fact("machine"', "void ([]"]],
  "nothing is changed on a runner that outlives the job, and what to do is told": [
    ["src/platform/kvm.ts", "!isThrownAway(context.host)", "false"],
  ],
  "%s is left as it is": [["src/platform/kvm.ts", "!context.host.isGitHubActions", "false"]],
  "a rule that cannot be loaded is undone, and so is the mode that does not help": [
    ["src/platform/kvm.ts", "  await asRoot(undo);\n    ", ""],
    ["src/platform/kvm.ts", '["rm", "-f", ruleFile], ...reload', ""],
  ],
  "that are there are left alone": [["src/platform/packages/apt.ts", "  if (missing.length === 0) return;", ""]],
  "are the bytes that were looked at, from whichever registry": [
    [
      "package-lock.json",
      '"node_modules/yaml": {',
      '"node_modules/other": { "version": "1.0.0" },\n    "node_modules/yaml": {',
    ],
  ],
  "pins every action of others by a full commit": [
    [".github/workflows/refresh.yml", "uses: actions/setup-node@", "uses: actions/setup-node@v7 # "],
  ],
  "is given no right that none of its jobs asks for": [
    [".github/workflows/fuzz.yml", "permissions: {}", "permissions: write-all"],
  ],
  "have a reason each": [["docs/dependencies.md", "| semver |", "| other |"]],
  "in the bundles need no scripts of their own to be installed": [
    ["package-lock.json", '"node_modules/yaml": {', '"node_modules/yaml": {\n      "hasInstallScript": true,'],
  ],
  "dist/%s has the licences of what is in it": [["dist/matrix/licenses.txt", "\nsemver\n", "\n"]],
  "goes on with no dist/ that the sources do not give": [
    [".github/workflows/ci.yml", "run: make check-dist", "run: npm run build"],
    [".github/workflows/release.yml", "run: make check-dist", "run: npm run build"],
  ],
  "the workflow lists the checksums of all that it releases, then attests them, then releases": [
    [".github/workflows/release.yml", "sha256sum templates.tar.gz sbom.cdx.json >>", "sha256sum templates.tar.gz >>"],
  ],
  "ends those of a run that was killed, and no others": [
    [
      "src/platform/process/build-programs.ts",
      "folder) =>\n    endProcessesWith(buildProgramMark, basename(folder)),\n  ",
      ") => undefined",
    ],
    ["src/platform/files/own-folder.ts", 'if (state === "gone") ', ""],
  ],
  "is not taken from a living process elsewhere when our own clock is set": [
    ["src/platform/files/lock.ts", "(await watch.lastsMs(path, holder)) > silentMs", "true"],
    ["src/platform/files/lock.ts", "const nowMs = performance.now();", "const nowMs = Date.now();"],
  ],
};
