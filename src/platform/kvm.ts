import { closeSync, constants, openSync } from 'node:fs'
import type { Context } from './host.js'
import { rootPrefix } from './sudo.js'

/**
 * Whether KVM can be opened for reading and writing right now. That it opens does not mean that it runs guests: only a
 * boot tells (docs/facts.md section 6).
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

/**
 * Looks at KVM, and in GitHub Actions, where the machine is the job's own, gives this user leave to open it when only
 * that is missing. Never on a person's machine.
 */
export async function openKvm(context: Context, look: typeof kvmAccess = kvmAccess): Promise<ReturnType<typeof kvmAccess>> {
  const access = look()
  if (access !== 'denied' || !context.host.isGitHubActions) return access
  const prefix = await rootPrefix(context)
  if (prefix === undefined) return access
  const [program, ...args] = [...prefix, 'chmod', 'a+rw', '/dev/kvm']
  const { exitCode } = await context.processes.run([program, ...args])
  if (exitCode !== 0) return access
  context.log.fact('machine', 'gave this user leave to open /dev/kvm')
  return look()
}
