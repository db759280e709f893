import { describe, expect, it } from 'vitest'
import type { BootReport } from '../../../src/boot/report.js'
import type { Verdict } from '../../../src/boot/verdict.js'
import { buildInfo } from '../../../src/report/build-info.js'
import { code, prose } from '../../../src/report/markup.js'
import { summary } from '../../../src/report/summary.js'
import { buildRecord, failedBoot, newContext , solo5Hvt } from './fixtures.js'

const image = { path: '/w/www.hvt', name: 'www', bytes: 1_900_000, sha256: 'ab'.repeat(32) }

function summaryOf(report: BootReport | undefined, name = 'www', consoleEnd = report?.consoleEnd ?? []): string {
  const info = buildInfo({
    target: 'hvt',
    architecture: 'x86_64',
    configureArgs: [],
    images: [{ image: { ...image, name }, file: 'www.hvt', debugFile: undefined, console: undefined, report }],
    record: buildRecord(image),
    host: newContext().host,
    now: new Date(0),
  })
  return summary({ info, consoleEnds: [consoleEnd], artifact: { name: 'unikernel-www', url: 'https://github.com/o/r' } })
}

function boot(verdict: Verdict, accelerator: 'kvm' | 'native' = 'kvm'): BootReport {
  return { imagePath: image.path, image: solo5Hvt, verdict, attempts: [{ accelerator, argv: ['x'], verdict }], consoleEnd: ['hello'] }
}

const rowOf = (markdown: string) => markdown.split('\n')[2]

describe('the job summary', () => {
  it('has a row that says how an image did', () => {
    const passed = boot({ verdict: 'passed', reason: 'ready', summary: 'seen `listening`', atMs: 3210, bootMs: 210 })
    const text = summaryOf(passed)
    expect(rowOf(text)).toBe(
      '| <code>www</code> | hvt x86_64 | 1.9 MB | <code>abababababab</code> | passed: seen <code>listening</code> | KVM | 0.21 s | cache, 2.7 s |',
    )
    expect(text).not.toContain('####')
    expect(text).toContain('Artifact: [<code>unikernel&#45;www</code>](<https://github.com/o/r>)')
    expect(text).toContain('| ocaml | <code>5&#46;5&#46;0</code> |')
  })

  it('shows a failure with its evidence, remedy and console', () => {
    const text = summaryOf(failedBoot(image.path, '/c'))
    expect(rowOf(text)).toContain('**failed: uncaught exception** | emulated, KVM failed |')
    expect(text).toContain('Fatal error: exception Failure(&#34;&#60;/code&#62;')
    expect(text).toContain('What to do: look at <code>tls&#47;cert&#46;pem</code>')
    expect(text).toContain('The console’s last 4 lines')
  })

  it('says why a boot was skipped', () => {
    const text = summaryOf(boot({ verdict: 'skipped', reason: 'accelerator', summary: 'hvt needs KVM', atMs: 0, remedy: 'use spt' }))
    expect(text).toContain('#### <code>www</code> (hvt x86_64) skipped: hvt needs KVM')
    expect(text).toContain('What to do: use spt')
  })

  it('says when nothing was booted', () => {
    expect(rowOf(summaryOf(undefined))).toContain('| not booted |  |  |')
  })

  it('lets no text of a guest or user become HTML, a table’s cell or a mention', () => {
    const hostile = '</code></pre></details>|`@all` [x](javascript:1) <img src=x>\n\n# title'
    const verdict = { verdict: 'failed', reason: 'exception', summary: hostile, evidence: { line: hostile, atMs: 1 }, atMs: 1 } as const
    const text = summaryOf(boot(verdict), hostile, [hostile, 'x'])
    expect(text).not.toMatch(/<img|<\/details>\|/)
    expect(text).not.toMatch(/^# title/m)
    // Markdown leaves a block of <pre> alone.
    const markdown = text.replace(/^<pre>.*?<\/pre>$/gms, '')
    expect(markdown).not.toMatch(/\]\(javascript|[^;]@|`@/)
    expect(rowOf(text)?.split('|')).toHaveLength(10)
    const blocks = [...text.matchAll(/<(\/?)(pre|details|code|summary)>/g)].map(([, slash = '', tag = '']) => slash + tag)
    for (const tag of ['pre', 'details', 'code', 'summary']) {
      const opened = blocks.filter((found) => found === tag).length
      expect(blocks.filter((found) => found === `/${tag}`)).toHaveLength(opened)
    }
  })

  it('stays below what the runner takes, in whole parts', () => {
    const text = summaryOf(failedBoot(image.path, '/c'), 'www', Array.from({ length: 10_000 }, () => '&'.repeat(1000)))
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024)
    expect(text).toContain('Some parts are left out here')
    expect(text.match(/<pre>/g)?.length).toBe(text.match(/<\/pre>/g)?.length)
  })
})

describe('escaping', () => {
  it('leaves letters of every script as they are, and shows control characters', () => {
    expect(code('é日本 1\x1b')).toBe('<code>é日本 1&#92;x1b</code>')
  })

  it('shortens what is long', () => {
    expect(prose('x'.repeat(400), 10)).toBe('xxxxxxxxx…')
  })
})
