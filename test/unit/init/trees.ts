import type { Tree } from "../../../src/init/tree.js";

/** A repository with these files, in memory. */
export const treeOf = (files: Readonly<Record<string, string>>): Tree => ({
  paths: Object.keys(files).sort(),
  text: (path) => files[path] ?? "",
});
