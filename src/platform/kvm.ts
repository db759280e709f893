import { closeSync, constants, openSync } from 'node:fs'

/**
 * Whether KVM can be opened for reading and writing right now. That it opens does not mean that it runs guests: only a
 * boot tells (FACTS.md section 6).
 */
export function kvmAccess(device = '/dev/kvm'): 'open' | 'absent' | 'denied' {
  try {
    closeSync(openSync(device, constants.O_RDWR))
    return 'open'
  } catch (error) {
    // A device file without a driver behind it (in a container) is as good as none: ENXIO, ENODEV.
    return ['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '') ? 'denied' : 'absent'
  }
}
