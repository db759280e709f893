import type { ProtectionTable } from "../protection.js";

// What we are made of and what we may do.

export const supply: ProtectionTable = {
  "takes the least permissions, and ends": [
    { file: "templates/github/unikernel.yml", from: "permissions: {}\n", to: "" },
  ],
  "uses full commits only, with the version beside them": [
    { file: "templates/github/unikernel.yml", from: "@<commit>", to: "@v1" },
  ],
  "is done by the files that the documentation lists, and by no other": [
    {
      mark: "disks-need-no-root",
      instead: (imported) => `import { becomeRoot } from "../process/sudo.js"; ${imported}`,
    },
  ],
  "by KVM’s repair is no command that the documentation lacks": [
    { mark: "kvm-rule-is-removed", instead: '["mv", ruleFile, "/tmp"]' },
  ],
  "a rule is tried first, and its success is told": ["kvm-repair-is-told"],
  "nothing is changed on a runner that outlives the job, and what to do is told": ["kept-machines-are-not-changed"],
  "%s is left as it is": ["own-machines-are-not-changed"],
  "a rule that cannot be loaded is undone, and so is the mode that does not help": [
    "kvm-repair-is-undone",
    "kvm-rule-is-removed",
  ],
  "is the system’s, whatever is on PATH (by root: %s)": [
    { mark: "root-runs-system-programs", instead: 'findProgram(name, host.environment["PATH"])' },
  ],
  "that are missing are installed by root, without an unnecessary update": [
    { mark: "apt-has-the-systems-path", instead: '"LC_ALL=C"' },
  ],
  "that are there are left alone": ["present-packages-need-no-root"],
  "are the bytes that were looked at, from whichever registry": [
    {
      file: "package-lock.json",
      from: '"node_modules/yaml": {',
      to: '"node_modules/other": {}, "node_modules/yaml": {',
    },
  ],
  "pins every action of others by a full commit": [
    { file: ".github/workflows/refresh.yml", from: "setup-node@", to: "setup-node@v7 # " },
  ],
  "is given no right that none of its jobs asks for": [
    { file: ".github/workflows/fuzz.yml", from: "permissions: {}", to: "permissions: write-all" },
  ],
  "have a reason each": [{ file: "docs/dependencies.md", from: "| semver |", to: "| other |" }],
  "in the bundles need no scripts of their own to be installed": [
    {
      file: "package-lock.json",
      from: '"node_modules/yaml": {',
      to: '"node_modules/yaml": { "hasInstallScript": true,',
    },
  ],
  "dist/%s has the licences of what is in it": [{ file: "dist/matrix/licenses.txt", from: "\nsemver\n", to: "\n" }],
  "goes on with no dist/ that the sources do not give": [
    { file: ".github/workflows/ci.yml", from: "make check-dist", to: "npm run build" },
    { file: ".github/workflows/release.yml", from: "make check-dist", to: "npm run build" },
  ],
  "the workflow lists the checksums of all that it releases, then attests them, then releases": [
    { file: ".github/workflows/release.yml", from: " sbom.cdx.json >>", to: " >>" },
  ],
  "ends those of a run that was killed, and no others": [
    { mark: "killed-builds-are-ended", instead: "undefined" },
    { mark: "only-dead-runs-are-swept", instead: "true" },
  ],
  "is not taken from a living process elsewhere when our own clock is set": [
    "only-silent-locks-are-taken",
    { mark: "lock-clock-is-our-own", instead: "Date.now()" },
  ],
};
