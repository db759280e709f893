import { open, readFile, readlink } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import type { Reference, TreeEntry } from "./closure.js";

/** Files that name no other file of a toolchain: objects, interfaces, sources. */
const data = /\.(?:cm(?:i|o|x|t|ti|xs)|mli?|ml[ly]|[achos]|so|opam|cache|tar|gz|md|annot)$/i;
/** Texts that name other files of a toolchain by their path. */
const settings = /(?:^|\/)(?:findlib\.conf|findlib\.conf\.d\/[^/]+|Makefile\.config|ld\.conf|topfind)$/;
/** They name folders to install into: these must exist, their content does not matter. */
const installSettings = new Set(["Makefile.config", "config.status"]);

/** The part of a script that is read, in bytes: longer ones have bytecode behind their first line. */
const scriptBytes = 64 * 1024;
/** Enough to recognise a script, in bytes. */
const headBytes = 512;

/**
 * The paths inside a toolchain that one of its entries refers to: the target of a link, the interpreter of a script and
 * the paths in its text, the files beside a library that it is linked with, the paths in findlib's and OCaml's
 * settings.
 *
 * @param folder of the toolchain, as its files write it; padding slashes may follow.
 */
export async function readReferences(
  folder: string,
  { path, kind }: Pick<TreeEntry, "path" | "kind">,
): Promise<readonly Reference[]> {
  if (kind === "folder") return [];
  const file = join(folder, path);
  if (kind === "link") {
    const target = await readlink(file);
    const inside = posix.relative(folder, posix.resolve(folder, posix.dirname(path), target));
    return inside.startsWith("..") ? [] : [{ path: inside, whole: true }];
  }
  const name = basename(path);
  const library = /^(.*)\.(cma|cmxa)$/.exec(path);
  if (library !== null) return besideLibrary(library[1] ?? "", library[2] === "cmxa");
  if (name === "META" || name.startsWith("META.")) return inMeta(folder, path, await readFile(file, "utf8"));
  if (settings.test(path)) return inText(folder, path, await readFile(file, "utf8"), !installSettings.has(name));
  if (data.test(path)) return [];
  const script = await readScript(file);
  return script === undefined ? [] : inText(folder, path, script, !installSettings.has(name));
}

/** The other file of a native archive, and the stubs, by the naming rules of dune and OCaml. */
function besideLibrary(stem: string, isNative: boolean): readonly Reference[] {
  const [folder, name] = [posix.dirname(stem), posix.basename(stem)];
  const names = isNative
    ? [`${name}.a`, `lib${name}.a`, `lib${name}_stubs.a`]
    : ["", "stublibs/", "../stublibs/"].flatMap((place) => [`${place}dll${name}.so`, `${place}dll${name}_stubs.so`]);
  return names.map((one) => ({ path: posix.join(folder, one), whole: false }));
}

/** The text of a script, without any bytecode behind it; undefined for another file. */
async function readScript(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const read = async (bytes: number) => (await file.read(Buffer.alloc(bytes), 0, bytes, 0)).buffer;
    if (!(await read(headBytes)).subarray(0, 2).equals(Buffer.from("#!"))) return undefined;
    const text = await read(scriptBytes);
    const end = text.indexOf(0);
    return text.toString("latin1", 0, end < 0 ? text.length : end);
  } finally {
    await file.close();
  }
}

/** The paths in a text: below the toolchain's folder, and relative to the text's own (`$(dirname "$0")/../lib`). */
function inText(folder: string, path: string, text: string, whole: boolean): Reference[] {
  const upwards = /\/(\.\.(?:\/[\w.+@-]+)+)/g;
  const absolute = text
    .split(`${folder}/`)
    .slice(1)
    .map((behind) => posix.normalize(/^\/*([^\s"'`:;,<>|&()$\\=]*)/.exec(behind)?.[1] ?? ""));
  const relative = [...text.matchAll(upwards)].map(([, found = ""]) => posix.join(posix.dirname(path), found));
  return [...absolute, ...relative].map((found) => ({ path: found.replace(/\/$/, ""), whole }));
}

/** A comment of findlib's META files, the beginning or end of a block, or a variable: META(5). */
const metaTokens = /#.*|package\s+"[^"]*"\s*(\()|(\))|(?<!\w)(\w+)\s*(?:\([^()]*\)\s*)?\+?=\s*"((?:[^"\\]|\\.)*)"/g;
const namesFiles = new Set(["archive", "plugin", "exists_if", "ppx"]);

/** A package's directory, and the files that findlib looks for in it; a subpackage's is relative to its parent's. */
function inMeta(folder: string, path: string, text: string): readonly Reference[] {
  const own = posix.dirname(path);
  const parts = own.split("/");
  const standard = parts.lastIndexOf("ocaml");
  const stdlib = standard < 0 ? posix.join(own, "../ocaml") : parts.slice(0, standard + 1).join("/");
  const found: Reference[] = [];
  const blocks: { directory: string; files: string[] }[] = [{ directory: own, files: [] }];
  const close = () => {
    const { directory, files } = blocks.pop() ?? { directory: own, files: [] };
    for (const file of files) found.push({ path: posix.join(directory, file), whole: false });
  };
  for (const [, opens, closes, name = "", value = ""] of text.matchAll(metaTokens)) {
    const block = blocks.at(-1);
    if (block === undefined) break;
    if (opens !== undefined) blocks.push({ directory: block.directory, files: [] });
    else if (closes !== undefined) close();
    else if (name === "directory" && value !== "") {
      block.directory = directoryOf(folder, value, stdlib, block.directory);
      found.push({ path: block.directory, whole: true });
    } else if (namesFiles.has(name)) {
      const words = value.split(/[\s,]+/).filter((word) => word !== "" && !word.startsWith("-"));
      block.files.push(...words);
    }
  }
  while (blocks.length > 0) close();
  return found;
}

function directoryOf(folder: string, value: string, stdlib: string, parent: string): string {
  if (/^[+^]/.test(value)) return posix.join(stdlib, value.slice(1)).replace(/\/$/, "");
  if (value.startsWith("/")) return posix.relative(folder, value);
  return posix.join(parent, value).replace(/\/$/, "");
}
