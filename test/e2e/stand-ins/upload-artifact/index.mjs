import { cpSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";

function filesIn(path) {
  if (!statSync(path).isDirectory()) return [basename(path)];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

const { INPUT_NAME: artifact, INPUT_PATH: input, UPLOADED: kept } = process.env;
const paths = input
  .split("\n")
  .map((line) => line.trim())
  .filter((line) => line !== "");
const files = paths.flatMap(filesIn);
if (files.length === 0) throw new Error(`there is no file in ${input}`);
for (const name of files) console.log(`would upload ${name} in ${artifact}`);

for (const path of kept === undefined ? [] : paths) {
  const folder = join(kept, artifact);
  cpSync(path, statSync(path).isDirectory() ? folder : join(folder, basename(path)), { recursive: true });
}
