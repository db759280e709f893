import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const checksums = process.env["INPUT_SUBJECT-CHECKSUMS"];
const sbom = process.env["INPUT_SBOM-PATH"];

const lines = readFileSync(checksums, "utf8").trimEnd().split("\n");
for (const line of lines) {
  const [, expected, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
  if (name === undefined) throw new Error(`${checksums}: "${line}" is no checksum`);
  const found = createHash("sha256")
    .update(readFileSync(join(dirname(checksums), name)))
    .digest("hex");
  if (found !== expected) throw new Error(`${name} is not what its checksum says`);
}

if (!sbom) console.log(`would attest the provenance of ${lines.length} files`);
else if (JSON.parse(readFileSync(sbom, "utf8")).bomFormat !== "CycloneDX") throw new Error(`${sbom} is no SBOM`);
else console.log(`would attest the SBOM of ${lines.length} files`);
