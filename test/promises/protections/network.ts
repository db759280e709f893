import type { ProtectionTable } from '../protection.js'

// What a guest reaches, and what servers can make of us.

const download = 'src/platform/download.ts'
const devices = 'src/boot/monitors/qemu-devices.ts'

export const network: ProtectionTable = {
  'a comma in a path does not end it': [[devices, "path.replaceAll(',', ',,')", 'path']],
  'lets only the forwarded ports in, and nothing out': [
    [devices, "['restrict=on']", '[]'],
    [devices, 'hostfwd=${protocol}:127.0.0.1:', 'hostfwd=${protocol}::'],
  ],
  'socket,id=qmp,fd=3': [['src/boot/monitors/qemu.ts', '`socket,id=qmp,fd=${qmpDescriptor}`', "'socket,id=qmp,path=/tmp/qmp,server=on'"]],
  'a list from %s names no file of this machine': [['src/platform/published-list.ts', "address.protocol === 'file:' && base.protocol !== 'file:'", 'false']],
  'is not followed to a file or another scheme': [[download, 'left === 0 || isDowngrade', 'left === 0']],
  'that does not end is cut off': [[download, 'offset > most', 'false']],
  'that breaks off where nobody reads it any more ends nothing else': [[download, "answer.body.on('error', () => undefined)", '']],
}
