import { type ProtectionTable, without } from "../protection.js";

// What comes from the network or a cache as a file.

export const archives: ProtectionTable = {
  "a file below a link": ["parents-are-folders"],
  "is refused for an endless name, before it fills the memory": [
    { file: "node_modules/tar-stream/extract.js", from: "4 * 1024 * 1024", to: "Infinity" },
  ],
  "a file larger than any of ours": ["files-have-a-size"],
  "files that are together larger than a toolchain": ["toolchains-have-a-size"],
  "is refused when a compiler in it is not the one of its manifest": ["unpacked-bytes-are-compared"],
  "that is not what was published stops the set-up, and nothing of it is left": [
    "published-bytes-are-compared",
    {
      mark: "received-bytes-are-compared-first",
      instead: 'const said = "";',
    },
  ],
  "is not mounted again where %s after an unmount, but fetched": [
    "images-are-compared-when-mounted",
    { mark: "mounted-images-are-roots", instead: "mode >= 0" },
  ],
  "is mounted, and is then equal to an unpacked one": [
    { mark: "mount-options", instead: without("nosuid,") },
    { mark: "mount-options", instead: without("nodev,") },
    "mounts-are-private",
  ],
  "which a mount would take for an option": ["images-are-no-options"],
  "stops the set-up when its image is not what was published, and nothing of it is left or mounted": [
    "published-bytes-are-compared",
  ],
  "is downloaded again where %s was changed since": [
    { mark: "kept-firecracker-is-compared", instead: "existsSync(program) || (await isReleased())" },
  ],
  "unpacks and keeps nothing of what was not released": ["firecracker-is-compared"],
  "a link out": ["links-stay-inside"],
  "a link that climbs from where another one leads": ["links-climb-first"],
  "a path of %s reaches nothing outside the folder": [
    "places-do-not-climb",
    { mark: "folders-are-no-links", instead: "0" },
    { mark: "files-are-no-links", instead: "0" },
  ],
  "a link is replaced by what is written or copied, and not followed": [
    { mark: "files-are-replaced", instead: "copyFileSync(draft, place);" },
  ],
  "a link in its place is replaced, not followed": ["console-links-are-replaced"],
  "is not put through a link of the project": [{ mark: "folders-are-no-links", instead: "0" }],
  "a pipe is no image, and is not waited for": [{ mark: "pipes-are-not-waited-for", instead: '"r"' }],
  "with %s in its place is an error, and keeps nobody waiting": [
    { mark: "locks-are-files", instead: 'readFile(path, "utf8").catch(() => "")' },
  ],
  "a device": ["entries-are-files"],
  "is refused with a %s in it, whatever its manifest says": ["unpacked-kinds-are-compared"],
  "a path twice": ["paths-are-there-once"],
  "a path of 4 KiB": ["paths-have-a-length"],
  "that is not what was published stops the boot, and nothing of it is unpacked": ["published-bytes-are-compared"],
  "is refused for a manifest that would fill the memory, before it is read": ["manifest-has-a-size"],
  "a path that leads out": ["entries-have-a-place"],
  "an absolute path": ["entries-have-a-place"],
};
