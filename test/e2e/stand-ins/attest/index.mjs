// What the true action refuses, in those inputs that we use: test/e2e/README.md.
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? "";
const [checksums, sbom] = [input("subject-checksums"), input("sbom-path")];
if (checksums === "") throw new Error("subject-checksums is empty");

const mostSubjects = 1024;
if (statSync(checksums).size > 512 * mostSubjects) throw new Error(`${checksums} is too large`);
const lines = readFileSync(checksums, "utf8")
  .split(/\r?\n/)
  .filter((line) => line !== "");
if (lines.length > mostSubjects) throw new Error(`${lines.length} subjects are too many`);
for (const line of lines) {
  // The true action takes all before the first blank for the digest: a name that coreutils escapes has none.
  const [, expected, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
  if (name === undefined) throw new Error(`${checksums}: "${line}" is no checksum`);
  // It does not look at the files; we do.
  const found = createHash("sha256")
    .update(readFileSync(join(dirname(checksums), name)))
    .digest("hex");
  if (found !== expected) throw new Error(`${name} is not what its checksum says`);
}

if (sbom === "") console.log(`would attest the provenance of ${lines.length} files`);
else {
  if (statSync(sbom).size > 16 * 1024 * 1024) throw new Error(`${sbom} is too large`);
  const { bomFormat, serialNumber, specVersion } = JSON.parse(readFileSync(sbom, "utf8"));
  if (!bomFormat || !serialNumber || !specVersion) throw new Error(`${sbom} is no SBOM`);
  console.log(`would attest the SBOM of ${lines.length} files`);
}
