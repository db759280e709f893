import semver from 'semver'
import data from '../../data/versions.json' with { type: 'json' }
import type { Architecture } from './architecture.js'
import { type Component, type Versions, listed, pairsListed } from './version-text.js'
import type { Backend, TargetName } from './target.js'

/** What the user and the project ask for; whatever is absent is ours to decide. */
export interface VersionRequest {
  readonly target: TargetName
  readonly backend: Backend
  readonly architecture: Architecture
  /** An exact version or a range as npm writes them: `5.4.x`, `5.x`, `>=5.3 <5.5`. */
  readonly ocaml?: string
  readonly solo5?: string
  readonly ocamlSolo5?: string
  readonly ocamlUnikraft?: string
  readonly mirage: MirageRequest
}

export type MirageRequest =
  | { readonly kind: 'none' }
  | { readonly kind: 'exact'; readonly version: string }
  | ({ readonly kind: 'bounds' } & Bounds)

/** `atLeast <= version < below`; a missing side is open. */
export interface Bounds {
  readonly atLeast?: string
  readonly below?: string
}

/** Why there is no such toolchain; each field is one fact of the problem that a caller makes of it. */
export interface Refusal {
  readonly what: string
  readonly because?: string
  readonly accepted: readonly string[]
  readonly remedy: string
}

export type Resolution =
  | { readonly kind: 'versions'; readonly versions: Versions }
  | { readonly kind: 'refusal'; readonly refusal: Refusal }

interface MirageFacts {
  readonly version: string
  readonly ocaml: Bounds
  readonly solo5: Bounds
  readonly 'ocaml-solo5': Bounds
  /** Absent: this mirage does not know the backend. */
  readonly 'ocaml-unikraft'?: Bounds
}

interface CrossCompilerFacts {
  readonly version: string
  readonly ocaml: readonly string[]
  readonly solo5?: Bounds
}

/** Which packages a backend's toolchain is made of, beside OCaml. */
const crossCompilers = { solo5: 'ocaml-solo5', unikraft: 'ocaml-unikraft', host: undefined } as const

const crossCompilerFacts: Readonly<Record<'ocaml-solo5' | 'ocaml-unikraft', readonly CrossCompilerFacts[]>> = data
const mirageFacts: readonly MirageFacts[] = data.mirage

/** Where and when the table was taken from, for the log. */
const versionSource = data.sources['ocaml/opam-repository']

/** What is asked of one component. */
interface Wish {
  readonly component: Component
  /** As the user wrote it: `5.2.0`, `>= 4.9 & < 4.10`. */
  readonly text: string
  readonly input: string
  readonly accepts: (version: string) => boolean
}

/**
 * Decides every version: the newest OCaml for which everything fits, then the newest mirage, cross compiler and solo5.
 *
 * @returns the versions, or a refusal that names the wishes which do not go together and lists those that do.
 */
export function resolveVersions(request: VersionRequest): Resolution {
  const made = wishesOf(request)
  if ('what' in made) return { kind: 'refusal', refusal: made }
  const versions = newest(request, made)
  if (versions !== undefined) return { kind: 'versions', versions }
  return { kind: 'refusal', refusal: refuse(request, culprits(request, made)) }
}

/** The wishes of a request, or a refusal of the first that no version can ever fulfil. */
function wishesOf(request: VersionRequest): readonly Wish[] | Refusal {
  const mirage = request.mirage
  const asked: readonly (Omit<Wish, 'accepts'> | undefined)[] = [
    wish('ocaml', 'ocaml-version', request.ocaml),
    wish('solo5', 'solo5-version', request.solo5),
    wish('ocaml-solo5', 'ocaml-solo5-version', request.ocamlSolo5),
    wish('ocaml-unikraft', 'ocaml-unikraft-version', request.ocamlUnikraft),
    wish(
      'mirage',
      'mirage-version',
      mirage.kind === 'exact' ? mirage.version : mirage.kind === 'bounds' ? textOf(mirage) : undefined,
    ),
  ]
  const wishes: Wish[] = []
  for (const one of asked) {
    if (one === undefined) continue
    const range = semver.validRange(one.text)
    const known = knownVersions[one.component]
    if (range === null) return noVersion(one, known)
    const whole: Wish = { ...one, accepts: (version) => semver.satisfies(version, range) }
    if (!known.some(whole.accepts)) return noRelease(whole, known)
    wishes.push(whole)
  }
  return wishes
}

const wish = (component: Component, input: string, text: string | undefined): Omit<Wish, 'accepts'> | undefined =>
  text === undefined || text === '' ? undefined : { component, input, text }

function textOf({ atLeast, below }: Bounds): string {
  return [atLeast === undefined ? [] : [`>=${atLeast}`], below === undefined ? [] : [`<${below}`]].flat().join(' ')
}

/** Every released version of a component, the oldest first. */
export const knownVersions: Readonly<Record<Component, readonly string[]>> = {
  ocaml: data.ocaml,
  solo5: data.solo5,
  'ocaml-solo5': data['ocaml-solo5'].map(({ version }) => version),
  'ocaml-unikraft': data['ocaml-unikraft'].map(({ version }) => version),
  mirage: mirageFacts.map(({ version }) => version),
}

/** Every combination that fits, the most wanted first. */
function* combinations(request: VersionRequest, wishes: readonly Wish[]): Generator<Versions> {
  const wanted = (component: Component, versions: readonly string[]) =>
    versions.filter((version) => wishes.every((w) => w.component !== component || w.accepts(version))).toReversed()

  const compiler = crossCompilers[request.backend]
  for (const ocaml of wanted('ocaml', data.ocaml)) {
    for (const mirage of mirages(request, wanted)) {
      if (mirage !== undefined && !within(mirage.ocaml, ocaml)) continue
      if (compiler === undefined) {
        yield { ocaml, ...(mirage && { mirage: mirage.version }) }
        continue
      }
      // An older mirage names the cross compilers it knows; one that it does not name it cannot use.
      const bounds = mirage === undefined ? {} : mirage[compiler]
      if (bounds === undefined) continue
      for (const version of wanted(compiler, knownVersions[compiler])) {
        const facts = crossCompilerFacts[compiler].find((candidate) => candidate.version === version)
        if (!facts?.ocaml.includes(ocaml) || !within(bounds, version)) continue
        const chosen = { ocaml, [compiler]: version, ...(mirage && { mirage: mirage.version }) }
        if (facts.solo5 === undefined) yield chosen
        for (const solo5 of facts.solo5 === undefined ? [] : wanted('solo5', data.solo5)) {
          if (within(facts.solo5 ?? {}, solo5) && within(mirage?.solo5 ?? {}, solo5)) yield { ...chosen, solo5 }
        }
      }
    }
  }
}

function mirages(
  request: VersionRequest,
  wanted: (component: Component, versions: readonly string[]) => readonly string[],
): readonly (MirageFacts | undefined)[] {
  if (request.mirage.kind === 'none') return [undefined]
  return wanted('mirage', knownVersions.mirage).map((version) => mirageFacts.find((one) => one.version === version))
}

const within = ({ atLeast, below }: Bounds, version: string): boolean =>
  (atLeast === undefined || semver.gte(version, atLeast)) && (below === undefined || semver.lt(version, below))

function newest(request: VersionRequest, wishes: readonly Wish[]): Versions | undefined {
  for (const versions of combinations(request, wishes)) return versions
  return undefined
}

/** A smallest set of wishes that cannot be fulfilled together: without any one of them the others can. */
function culprits(request: VersionRequest, wishes: readonly Wish[]): readonly Wish[] {
  return wishes.reduce<readonly Wish[]>((left, candidate) => {
    const without = left.filter((one) => one !== candidate)
    return newest(request, without) === undefined ? without : left
  }, wishes)
}

function refuse(request: VersionRequest, wishes: readonly Wish[]): Refusal {
  const names = wishes.map(nameOf)
  const compiler = crossCompilers[request.backend]
  const [only] = wishes
  if (wishes.length === 1 && only?.component === 'ocaml' && compiler !== undefined) {
    const pairs = [...combinations(request, [])]
    const isMiragesFault = newest({ ...request, mirage: { kind: 'none' } }, wishes) !== undefined
    return {
      what: `${nameOf(only)} cannot build for ${request.target}: no ${isMiragesFault ? 'mirage' : compiler} accepts it`,
      accepted: [pairsListed(pairs, compiler)],
      remedy: `set \`ocaml-version: ${nearest(only.text, pairs)}\`, or leave it out for the newest`,
    }
  }
  return {
    what:
      wishes.length === 1
        ? `${names.join('')} cannot build for ${request.target}`
        : `${names.join(' and ')} cannot build for ${request.target} together`,
    because: 'no combination of released packages accepts it',
    accepted: wishes.map((one) => {
      const others = wishes.filter((other) => other !== one)
      const working = [...combinations(request, others)].flatMap((versions) => versions[one.component] ?? [])
      return `${listed(one.component, working)}${others.length === 0 ? '' : ` (with ${others.map(nameOf).join(' and ')})`}`
    }),
    remedy: `leave out ${wishes.map(({ input }) => `\`${input}\``).join(' or ')}, or choose from the above`,
  }
}

const nameOf = ({ component, text }: Omit<Wish, 'accepts'>): string =>
  `${component === 'ocaml' ? 'OCaml' : component} ${text}`

/** The closest version that works to one that does not: the next one of the same major version, else the newest. */
function nearest(text: string, working: readonly Versions[]): string {
  const asked = semver.minVersion(text)
  const next = [...working]
    .map(({ ocaml }) => ocaml)
    .sort(semver.compare)
    .find((version) => asked !== null && semver.major(version) === asked.major && semver.gte(version, asked))
  return next ?? working[0]?.ocaml ?? ''
}

function noVersion(one: Omit<Wish, 'accepts'>, known: readonly string[]): Refusal {
  return {
    what: `input ${one.input}: ${JSON.stringify(one.text)} is not a version or a range of versions`,
    accepted: [listed(one.component, known)],
    remedy: `write an exact version such as ${known.at(-1) ?? ''}, or a range such as ${example(known)}`,
  }
}

function noRelease(one: Wish, known: readonly string[]): Refusal {
  return {
    what: `input ${one.input}: no release matches ${one.text}`,
    because: `the table knows the opam repository of ${versionSource.date}`,
    accepted: [listed(one.component, known)],
    remedy: `choose one of these, or leave \`${one.input}\` out`,
  }
}

function example(known: readonly string[]): string {
  const last = semver.parse(known.at(-1))
  return last === null ? '' : `${last.major}.${last.minor}.x`
}
