import type { ProtectionTable } from '../protection.js'

// What a guest reaches, and what servers can make of us.

const download = 'src/platform/network/download.ts'
const devices = 'src/boot/monitors/qemu-devices.ts'

export const network: ProtectionTable = {
  'a comma in a path does not end it': [[devices, "path.replaceAll(',', ',,')", 'path']],
  'lets only the forwarded ports in, and nothing out': [
    [devices, "['restrict=on']", '[]'],
    [devices, 'hostfwd=${protocol}:127.0.0.1:', 'hostfwd=${protocol}::'],
  ],
  'QEMU’s channels are descriptors, without a name: %s': [
    ['src/boot/monitors/qemu-program.ts', '`socket,id=qmp,fd=${descriptor}`', "'socket,id=qmp,path=/tmp/qmp,server=on'"],
  ],
  'is this user’s only, and gone afterwards with what is in it': [
    ['src/platform/files/own-folder.ts', 'await mkdtemp(join(parent, `${prefixOf(use)}${markText(ownMark())}-`))', "(await mkdir(join(parent, 'draft'), { recursive: true })) ?? ''"],
    ['src/platform/files/own-folder.ts', '} finally {\n    remove()', '} finally {'],
  ],
  'a list from %s names no file of this machine': [['src/platform/network/published-list.ts', "address.protocol === 'file:' && base.protocol !== 'file:'", 'false']],
  'is not followed to a file or another scheme': [[download, '!mayLead(address, next)', 'false']],
  'is led from %s to %s: %s': [[download, " && from.protocol === 'http:'", '']],
  'that comes to no end is cut off': [[download, 'offset > most', 'false']],
  'that breaks off where nobody reads it any more ends nothing else': [[download, "answer.body.on('error', () => undefined)", '']],
  'goes on where it ended too early without a word': [[download, 'offset === most || !isExact', 'true']],
  'does not take another part than it asked for': [[download, 'answer.statusCode === 206 && toSkip > 0', 'false']],
  'is not asked of a mirror that is none: %s': [
    ['src/platform/network/published.ts', " || url.username !== '' || url.password !== ''", ''],
    ['src/platform/network/published.ts', "!['https:', 'http:', 'file:'].includes(url.protocol)", 'false'],
  ],
  'of a mirror must be the one that this action names': [['src/platform/network/published.ts', 'fromMirror(named, mirrored)', 'mirrored']],
  'are Ubuntu’s other server, with its updates, and only by its own key': [['src/platform/packages/deb-archive.ts', 'signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg', 'trusted=yes']],
  'reaches nothing of this machine’s own': [[devices, "['restrict=on']", '[]']],
  'sends nothing but what it asks for, also where it is led': [[download, "'user-agent': 'unikernel-ci',", "'user-agent': 'unikernel-ci', authorization: `Bearer ${process.env['GITHUB_TOKEN']}`,"]],
  'that comes to no end is none': [['src/platform/network/published.ts', 'most: largestList', 'most: Infinity']],
  'that comes too slowly is given up': [[download, 'waitedMs > pace.withinMs', 'false']],
}
