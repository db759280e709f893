// npx tsx scripts/list-published.ts FOLDER BASE NEW LISTS
//
// Adds the archives of FOLDER and of each folder in it to the lists in the folder LISTS, with URLs relative to BASE:
// those in the toolchains.json and carriers.json that `toolchain pack` and `toolchain carrier` wrote. Keys that are
// already listed do not change. Writes the paths of the archives that are now listed to the file NEW, one per line.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  type PublishedArchive,
  type PublishedKind,
  listText,
  parseList,
  publishedKinds,
} from "../src/platform/network/published-list.js";

const [folder, base, news, lists] = process.argv.slice(2);
if (folder === undefined || base === undefined || news === undefined || lists === undefined)
  throw new Error("usage: list-published.ts FOLDER BASE NEW LISTS");

const published = <File extends { readonly url: string }>(file: File): File => ({
  ...file,
  url: new URL(basename(file.url), base).href,
});
const rowsIn = (kind: PublishedKind, place: string): readonly PublishedArchive[] => {
  const file = join(place, `${kind}.json`);
  return existsSync(file) ? parseList(kind, readFileSync(file, "utf8"), pathToFileURL(`${place}/`)) : [];
};

const files: string[] = [];
for (const kind of Object.keys(publishedKinds) as PublishedKind[]) {
  const listed = rowsIn(kind, lists);
  const known = new Set(listed.map(({ key }) => key));
  // actions/download-artifact extracts a single match into the folder itself.
  const added = ["", ...readdirSync(folder)]
    .flatMap((name) => rowsIn(kind, join(folder, name)))
    .filter(({ key }) => !known.has(key));
  files.push(
    ...added
      .flatMap(({ url, image }) => [url, ...(image === undefined ? [] : [image.url])])
      .map((url) => fileURLToPath(url)),
  );
  const rows = added.map(({ image, ...row }) => ({
    ...published(row),
    ...(image === undefined ? {} : { image: published(image) }),
  }));
  writeFileSync(join(lists, `${kind}.json`), listText(kind, [...listed, ...rows]));
  console.log(`${kind}: ${added.length} new, ${listed.length + added.length} in all`);
}
writeFileSync(news, files.map((file) => `${file}\n`).join(""));
