import type { ProtectionTable } from '../protection.js'

// What we are made of and what we may do.

export const supply: ProtectionTable = {
  'takes the least permissions, and ends': [['templates/github/unikernel.yml', 'permissions: {}\n', '']],
  'uses full commits only, with the version beside them': [['templates/github/unikernel.yml', '@<commit>', '@v1']],
  'is done by the files that the documentation lists, and by no other': [
    ['src/platform/disks.ts', "from './problem.js'\n", "from './problem.js'\nimport { rootPrefix } from './sudo.js'\n"],
  ],
  'a rule that cannot be loaded is undone, and so is the mode that does not help': [['src/platform/kvm.ts', 'await asRoot(undo)', '']],
  'are the bytes that were looked at, from whichever registry': [['package-lock.json', '"node_modules/yaml": {', '"node_modules/other": { "version": "1.0.0" },\n    "node_modules/yaml": {']],
}
