import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const script = fileURLToPath(new URL('../../../scripts/list-toolchains.ts', import.meta.url))

it('the list of published toolchains gets what is new, below the address it lies at, and keeps what it has', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unikernel-ci-list-'))
  try {
    const row = (key: string, sum: string) => ({ key, url: `${key}.tar.zst`, sha256: sum.repeat(64), bytes: 1 })
    const write = (path: string, toolchains: object[]) => {
      writeFileSync(join(folder, path), JSON.stringify({ format: 1, toolchains }))
    }
    for (const leg of ['packed/one', 'packed/two', 'packed/empty']) mkdirSync(join(folder, leg), { recursive: true })
    write('list.json', [{ ...row('b', '0'), url: 'https://example.org/old/b.tar.zst' }])
    write('packed/one/toolchains.json', [{ ...row('c', '1'), image: { url: 'c.image.tar.zst', sha256: '4'.repeat(64), bytes: 2 } }])
    write('packed/two/toolchains.json', [row('a', '2'), row('b', '3')])
    execFileSync(process.execPath, ['--import', 'tsx', script, join(folder, 'packed'), 'https://example.org/new/', join(folder, 'list.json')])
    expect(JSON.parse(readFileSync(join(folder, 'list.json'), 'utf8'))).toEqual({
      format: 1,
      toolchains: [
        { ...row('a', '2'), url: 'https://example.org/new/a.tar.zst' },
        { ...row('b', '0'), url: 'https://example.org/old/b.tar.zst' },
        {
          ...row('c', '1'),
          url: 'https://example.org/new/c.tar.zst',
          image: { url: 'https://example.org/new/c.image.tar.zst', sha256: '4'.repeat(64), bytes: 2 },
        },
      ],
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
