import { describe, expect, test } from 'vitest'
import { planBuild } from '../../../src/project/plan.js'
import type { BuildRequest } from '../../../src/project/plans/request.js'
import { targets } from '../../../src/target/target.js'
import { toolchainFor } from './fixtures.js'

const request = (changes: Partial<BuildRequest>): BuildRequest => ({
  project: { buildSystem: 'mirage', directory: '/p', description: '', configFile: 'config.ml' },
  target: targets.hvt,
  architecture: 'x86_64',
  toolchain: toolchainFor('x86_64', 'solo5'),
  configureArgs: [],
  buildCommand: undefined,
  installSystemPackages: true,
  findings: { lockFiles: [], duneWorkspace: undefined, duneFiles: [] },
  folder: '/state',
  ...changes,
})
const dune = { buildSystem: 'dune', directory: '/p', description: '' } as const
const commands = (changes: Partial<BuildRequest>) => planBuild(request(changes)).steps.map(({ argv }) => argv.join(' '))

describe('mirage', () => {
  test('configure, then make targets by name, each in the project’s folder, none of which asks', () => {
    const { steps } = planBuild(request({}))
    expect(steps.map(({ argv }) => argv)).toEqual([
      ['mirage', 'configure', '-t', 'hvt'],
      ['make', 'depends'],
      ['make', 'build'],
    ])
    expect(new Set(steps.map(({ cwd }) => cwd))).toEqual(new Set(['/p']))
    expect(steps[1]?.env).toEqual({ OPAMYES: '1', OPAMCONFIRMLEVEL: 'unsafe-yes' })
    const without = planBuild(request({ installSystemPackages: false })).steps
    expect(without[1]?.env).toMatchObject({ OPAMNODEPEXTS: '1' })
  })

  test('configuration file and arguments', () => {
    const project = { buildSystem: 'mirage', directory: '/p', description: '', configFile: 'mirage/config.ml' } as const
    const [configure] = commands({ project, configureArgs: ['--dhcp', 'true'], target: targets['unikraft-qemu'] })
    expect(configure).toBe('mirage configure -t unikraft-qemu -f mirage/config.ml --dhcp true')
  })

  test('a committed lock for the target is not made again', () => {
    const findings = { lockFiles: ['mirage/www-spt.opam.locked', 'mirage/www-hvt.opam.locked'], duneWorkspace: undefined, duneFiles: [] }
    expect(commands({ findings }).slice(1)).toEqual([
      'make install-switch',
      'make -o mirage/www-hvt.opam.locked pull',
      'make build',
    ])
    expect(commands({ findings, target: targets.virtio })[1]).toBe('make depends')
  })

  test('install-switch is left out where it would throw the cross compiler out', () => {
    const cross = { toolchain: toolchainFor('aarch64', 'solo5'), architecture: 'aarch64' } as const
    expect(commands(cross).slice(1)).toEqual(['make lock', 'make pull', 'make build'])
    expect(commands({ ...cross, target: targets['unikraft-qemu'] }).slice(1)).toEqual(['make depends', 'make build'])
  })
})

describe('dune', () => {
  const generated = [
    '(lang dune 3.0)',
    '(context default)',
    '(context',
    ' (default',
    '  (name solo5)',
    '  (toolchain solo5)',
    '  (host default)',
    '  (disable_dynamically_linked_foreign_archives true)))',
    '',
  ].join('\n')

  test('without a workspace: one with the target’s context, outside the project', () => {
    const plan = planBuild(request({ project: dune, target: targets.spt }))
    expect(plan.files).toEqual([{ path: '/state/dune-workspace', text: generated }])
    expect(plan.steps).toEqual([
      {
        name: 'dune build',
        argv: [
          ...['dune', 'build', '--root', '.', '--profile', 'release'],
          ...['--workspace', '/state/dune-workspace', '@_build/solo5/default'],
        ],
        cwd: '/p',
        env: { MODE: 'spt' },
      },
    ])
    expect(plan.duneContext).toBe('solo5')
  })

  test('a workspace of the project that has the context is used as it is', () => {
    const duneWorkspace = '(lang dune 2.0)\n(context (default))\n(context (default (name solo5) (toolchain solo5)))'
    const plan = planBuild(request({ project: dune, findings: { lockFiles: [], duneWorkspace, duneFiles: [] } }))
    expect(plan.files).toEqual([])
    expect(plan.steps[0]?.argv).not.toContain('--workspace')
  })

  test('a workspace of the project without the context keeps what it says', () => {
    const duneWorkspace = '(lang dune 3.5)\n(profile release)\n; (name solo5)\n'
    const [file] = planBuild(request({ project: dune, findings: { lockFiles: [], duneWorkspace, duneFiles: [] } })).files
    expect(file?.text).toMatch(/^\(lang dune 3\.5\)\n\(profile release\)[^]*\(context default\)\n\(context\n \(default\n {2}\(name solo5\)/)
  })

  test('contexts of the project are kept, and no second default is added', () => {
    const duneWorkspace = '(lang dune 3.5)\n(context (default (profile dev)))'
    const [file] = planBuild(request({ project: dune, findings: { lockFiles: [], duneWorkspace, duneFiles: [] } })).files
    expect(file?.text).not.toContain('(context default)')
    expect(file?.text).toContain('(name solo5)')
  })

  test.each([
    ['targets of the default context', '(context (default (targets native solo5)))', 'default.solo5'],
    ['targets of a named context', '(context (default (name ci) (targets solo5)))', 'ci.solo5'],
    ['another name', '(context (default (name "mine") (toolchain solo5) (host default)))', 'mine'],
    ['no name', '(context (default (toolchain solo5)))', 'default'],
  ])('a context of the project that has the toolchain is used: %s', (_, context, name) => {
    const findings = { lockFiles: [], duneWorkspace: `(lang dune 3.0)\n${context}`, duneFiles: [] }
    const plan = planBuild(request({ project: dune, findings }))
    expect(plan).toMatchObject({ files: [], duneContext: name })
    expect(plan.steps[0]?.argv.slice(-1)).toEqual([`@_build/${name}/default`])
  })

  test('a context that is commented out is none', () => {
    const duneWorkspace = '(lang dune 3.0)\n#; (context (default (name solo5)))\n#| (context (default (targets solo5))) |#'
    const plan = planBuild(request({ project: dune, findings: { lockFiles: [], duneWorkspace, duneFiles: [] } }))
    expect(plan.files).toHaveLength(1)
  })

  test('dune files that ask for the context of `dune build -x` get that', () => {
    const duneFiles = ['(executable (name www) (enabled_if (= %{context_name} "default.solo5")))']
    const plan = planBuild(request({ project: dune, findings: { lockFiles: [], duneWorkspace: undefined, duneFiles } }))
    expect(plan).toMatchObject({ files: [], duneContext: 'default.solo5' })
    expect(plan.steps[0]?.argv.slice(-3)).toEqual(['-x', 'solo5', '@_build/default.solo5/default'])
    const other = planBuild(request({ project: dune, findings: { lockFiles: [], duneWorkspace: undefined, duneFiles: ['default.solo5x'] } }))
    expect(other.duneContext).toBe('solo5')
  })

  test('the toolchain is the one that was installed for the architecture; the context keeps the backend’s name', () => {
    const target = targets['unikraft-firecracker']
    const plan = planBuild(request({ project: dune, target, toolchain: toolchainFor('aarch64', 'unikraft_arm64') }))
    expect(plan.files[0]?.text).toMatch(/\(name unikraft\)\n {2}\(toolchain unikraft_arm64\)/)
    expect(plan.steps[0]?.env).toEqual({ UNIKRAFTBACKEND: 'firecracker' })
  })

  test('a process of the host needs no context of its own', () => {
    const plan = planBuild(request({ project: dune, target: targets.unix, toolchain: undefined }))
    expect(plan.files).toEqual([])
    expect(plan.steps[0]?.argv.at(-1)).toBe('@_build/default/default')
  })
})

test('opam installs the project’s packages', () => {
  const project = { buildSystem: 'opam', directory: '/p', description: '' } as const
  expect(commands({ project })).toEqual(['opam install --yes --working-dir .'])
  expect(planBuild(request({ project }))).toMatchObject({ emptyFolders: ['/state/out'], changesSwitch: true })
})

test('a build command runs in a shell that stops at the first failure, and is told target, architecture and folder', () => {
  const project = { buildSystem: 'command', directory: '/p', description: '' } as const
  const plan = planBuild(request({ project, buildCommand: 'make image', architecture: 'aarch64' }))
  expect(plan.emptyFolders).toEqual(['/state/out'])
  expect(plan.steps[0]?.argv).toEqual(['sh', '-e', '-c', 'make image'])
  expect(plan.steps[0]?.env).toEqual({ MODE: 'hvt', TARGET: 'hvt', ARCH: 'aarch64', OUT: '/state/out' })
})

test('a build by a command needs the command', () => {
  const command = { buildSystem: 'command', directory: '/p', description: '' } as const
  expect(() => planBuild(request({ project: command }))).toThrow('`build-system: command` needs a command')
})
