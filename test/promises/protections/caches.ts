import type { ProtectionTable } from '../protection.js'

// What other runs have left.

const store = 'src/toolchain/store/store.ts'
const policy = 'src/toolchain/cache-policy.ts'

export const caches: ProtectionTable = {
  'of another key in the cache, or in the same place, is not taken': [
    ['src/toolchain/store/in-place.ts', 'manifest.key !== key', 'false'],
    [store, 'if (found?.key !== key) return undefined', 'if (found === undefined) return undefined'],
  ],
  'that came from where this run trusts nothing is made again': [[store, '!trusts(found.origin)', 'false']],
  'is neither restored nor saved where the policy says so': [
    ['src/toolchain/store/levels.ts', ' || !policy.restore', ''],
    ['src/toolchain/store/levels.ts', ' || !policy.save', ''],
  ],
  'is turned off, also dune’s own of the machine, for %s %s': [
    ['src/project/caches/plan.ts', "if (!policy.restore) return { environment: { DUNE_CACHE: 'disabled' }, because: policy.why }", ''],
    [policy, 'withoutCache.includes(eventName)', 'false'],
    [policy, "ref?.startsWith('refs/tags/')", 'false'],
  ],
  'is neither asked nor kept for %s %s': [['src/project/caches/restore.ts', 'use.because === undefined && dune !== undefined', 'dune !== undefined']],
  'nor are opam’s downloads': [['src/project/caches/restore.ts', ': policy.restore)', ': true)']],
  'is not run before all of it was checked, where a compiler in it was changed': [['src/toolchain/archive/unpack.ts', "hash.digest('hex') !== sha256", 'false']],
  'cache: %s in a %s of %s': [
    [policy, "'release', 'pull", "'pull"],
    [policy, "'pull_request_target', 'workflow_run'", "'workflow_run'"],
    [policy, ", 'workflow_run']", ']'],
    [policy, "ref?.startsWith('refs/tags/')", 'false'],
  ],
  'makes one again that came from the actions cache, where this run is to take none from there': [['src/toolchain/setup.ts', "origin !== 'actions-cache' || policy.restore", 'true']],
}
