import type { ProtectionTable } from '../protection.js'

// What comes from the network or a cache as a file.

const manifest = 'src/toolchain/archive/manifest.ts'
const published = 'src/platform/network/published-archive.ts'
const mounted = 'src/toolchain/store/mounted.ts'

// Either half refuses most of such paths.
const wholePath = "!isPlainPath(entry.path) || entry.path.endsWith('/') || !folders.has(posix.dirname(entry.path))"

export const archives: ProtectionTable = {
  'a file below a link': [[manifest, ' || !folders.has(posix.dirname(entry.path))', '']],
  'is refused for a name without end, before it fills the memory': [['node_modules/tar-stream/extract.js', '4 * 1024 * 1024', 'Infinity']],
  'a file larger than any of ours': [[manifest, ' || bytes > limits.fileBytes', '']],
  'files that are together larger than a toolchain': [[manifest, 'total > limits.totalBytes', 'false']],
  'is refused when a compiler in it is not the one of its manifest': [['src/toolchain/archive/unpack.ts', "hash.digest('hex') !== sha256", 'false']],
  'that is not what was published stops the set-up, and nothing of it is left': [
    [published, 'found !== archive.sha256', 'false'],
    ['src/toolchain/store/receive.ts', 'const said = await fetched.finish()\n', 'if (manifest !== undefined) await use(manifest)\n  const said = await fetched.finish()\n'],
  ],
  'is mounted, and is then as one that was unpacked': [
    ['src/platform/files/mount.ts', 'nosuid,nodev,redirect_dir', 'nodev,redirect_dir'],
    ['src/platform/files/mount.ts', 'nosuid,nodev,redirect_dir', 'nosuid,redirect_dir'],
    [mounted, 'await mkdir(upper, { mode: 0o700 })', 'await mkdir(upper)'],
  ],
  'which a mount would take for an option': [[mounted, '/[,:\\\\]/.test(image)', 'false']],
  'stops the set-up when its image is not what was published, and nothing of it is left or mounted': [[published, 'found !== archive.sha256', 'false']],
  'unpacks and keeps nothing of what was not released': [['src/platform/packages/firecracker-binary.ts', 'found !== sha256', 'false']],
  'a link out': [[manifest, ' || !staysInside(path, target)', '']],
  'a device': [[manifest, "kind === 'file' && typeof executable", 'typeof executable']],
  'is refused with a %s in it, whatever its manifest says': [['src/toolchain/archive/unpack.ts', ' && type === tarTypes[expected.kind]', '']],
  'a path twice': [[manifest, 'paths.has(entry.path)', 'false']],
  'a path of 4 KiB': [[manifest, ' && path.length < 4096', '']],
  'that is not what was published stops the boot, and nothing of it is unpacked': [[published, 'found !== archive.sha256', 'false']],
  'is refused for a manifest that would fill the memory, before it is read': [['src/toolchain/archive/unpack.ts', 'size > most', 'false']],
  'a path that leads out': [[manifest, wholePath, 'false']],
  'an absolute path': [[manifest, wholePath, 'false']],
}
