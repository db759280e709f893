/**
 * Writes data/firecracker.json for a release of Firecracker, with the checksums of that release:
 *
 *     npx tsx scripts/refresh-firecracker.ts 1.17.0
 */
import { writeFileSync } from "node:fs";
import { architectures } from "../src/targets/architecture.js";

const [version] = process.argv.slice(2);
if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
  throw new Error("usage: refresh-firecracker.ts <version of a release, such as 1.17.0>");
}

const release = `https://github.com/firecracker-microvm/firecracker/releases/download/v${version}`;

/** `SUM  NAME`, as sha256sum(1) prints it. */
async function sumOf(name: string): Promise<string> {
  const answer = await fetch(`${release}/${name}.sha256.txt`);
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${answer.statusText}`);
  const text = await answer.text();
  const found = /^([0-9a-f]{64}) [ *](\S+)\n$/.exec(text);
  if (found === null || found[2] !== name) throw new Error(`${answer.url} is not the sum of ${name}: ${text}`);
  return found[1] as string;
}

const archives = await Promise.all(
  architectures.map(async (architecture) => {
    const name = `firecracker-v${version}-${architecture}.tgz`;
    return [architecture, { url: `${release}/${name}`, sha256: await sumOf(name) }] as const;
  }),
);

const data = { source: `the .sha256.txt files of ${release}`, version, archives: Object.fromEntries(archives) };
writeFileSync(new URL("../data/firecracker.json", import.meta.url), `${JSON.stringify(data, null, 2)}\n`);
