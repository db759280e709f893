import { createHash } from 'node:crypto'
// Not the library's main module: that looks for its schemas by `__dirname`, which a bundle does not have.
import * as Enums from '@cyclonedx/cyclonedx-library/Enums'
import * as Models from '@cyclonedx/cyclonedx-library/Models'
import * as Serialize from '@cyclonedx/cyclonedx-library/Serialize'
import * as Spec from '@cyclonedx/cyclonedx-library/Spec'
import type { ToolchainFacts } from '../report/build-info.js'
import { type ReleaseImage, debugName } from './images.js'

/** What an SBOM is about, beside its images. */
export interface SbomSubject {
  /** `owner/name` of the repository. */
  readonly repository: string
  readonly version: string
}

/**
 * The bill of materials of a release, in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): its images with their hashes,
 * and what is known of the toolchains that made them. It is made of build info alone, so it says that it is incomplete: the
 * libraries that a project pulls in are in no build info. Equal images give an equal text.
 */
export function sbom(images: readonly ReleaseImage[], subject: SbomSubject): string {
  const root = new Models.Component(Enums.ComponentType.Application, subject.repository, { bomRef: 'release', version: subject.version })
  const packages = new Map<string, Models.Component>()
  const components = images.map((image) => {
    const component = imageComponent(image, subject.version)
    const { toolchain } = image.artifact.info
    for (const made of toolchain === null ? [] : toolchainComponents(toolchain)) {
      const known = packages.get(made.bomRef.value ?? '') ?? made
      packages.set(made.bomRef.value ?? '', known)
      component.dependencies.add(known.bomRef)
    }
    root.dependencies.add(component.bomRef)
    return component
  })
  const bom = new Models.Bom({
    serialNumber: serialNumber(images),
    metadata: new Models.Metadata({
      timestamp: new Date(Math.max(...images.map(({ artifact }) => Date.parse(artifact.info.createdAt)))),
      component: root,
      tools: new Models.Tools({ components: new Models.ComponentRepository([new Models.Component(Enums.ComponentType.Application, 'unikernel-ci')]) }),
      properties: properties({ 'unikernel-ci:completeness': 'incomplete: the toolchains and what was asked of them, not the libraries of a project' }),
    }),
    components: new Models.ComponentRepository([...components, ...packages.values()]),
  })
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6))
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`
}

function imageComponent(released: ReleaseImage, version: string): Models.Component {
  const { name, image, target, architecture, artifact } = released
  const { toolchain, host } = artifact.info
  return new Models.Component(Enums.ComponentType.Application, name, {
    bomRef: name,
    version,
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm['SHA-256'], image.sha256]]),
    properties: properties({
      'unikernel-ci:unikernel': image.unikernel,
      'unikernel-ci:target': target,
      'unikernel-ci:architecture': architecture,
      ...(image.debugFile === null ? {} : { 'unikernel-ci:debug-file': debugName(released) }),
      ...(host.commit === null ? {} : { 'unikernel-ci:commit': host.commit }),
      ...(host.run === null ? {} : { 'unikernel-ci:run': host.run }),
      ...(toolchain === null ? {} : { 'unikernel-ci:toolchain': toolchain.key }),
    }),
  })
}

/** One for each package that is known; a version that was chosen says more than the same package in the list of those asked for. */
function toolchainComponents({ versions, opamPackages, opamPins, cCompiler }: ToolchainFacts): Models.Component[] {
  const chosen = Object.entries<string>({ ...versions })
  const isChosen = (name: string) => chosen.some(([known]) => known === name)
  const asked = opamPackages.map(readPackage).filter(({ name }) => !isChosen(name))
  const pinned = (name: string) => opamPins.find((pin) => nameOfPin(pin.package) === name)?.url
  const onlyPinned = opamPins.map((pin) => readPackage(pin.package)).filter(({ name }) => !isChosen(name) && asked.every((one) => one.name !== name))
  return [
    ...[...chosen.map(([name, version]) => ({ name, version })), ...asked, ...onlyPinned].map((one) => opamComponent(one, pinned(one.name))),
    new Models.Component(Enums.ComponentType.Application, 'C compiler', { bomRef: `cc:${cCompiler}`, version: cCompiler }),
  ]
}

interface OpamPackage {
  readonly name: string
  readonly version: string | undefined
}

/** `lwt` or `lwt.5.9.1`, as opam writes them: names have no point. */
function readPackage(text: string): OpamPackage {
  const [, name = text, version] = /^([\w+-]+)(?:\.(\S+))?/.exec(text) ?? []
  return { name, version }
}

const nameOfPin = (text: string): string => readPackage(text).name

/** The type `opam`: https://github.com/package-url/purl-spec */
function opamComponent({ name, version }: OpamPackage, pin: string | undefined): Models.Component {
  const purl = `pkg:opam/${encodeURIComponent(name)}${version === undefined ? '' : `@${encodeURIComponent(version)}`}`
  return new Models.Component(Enums.ComponentType.Library, name, {
    bomRef: pin === undefined ? purl : `${purl}#${pin}`,
    purl,
    ...(version === undefined ? {} : { version }),
    ...(pin === undefined ? {} : { properties: properties({ 'unikernel-ci:opam-pin': pin }) }),
  })
}

function properties(values: Readonly<Record<string, string>>): Models.PropertyRepository {
  return new Models.PropertyRepository(Object.entries(values).map(([name, value]) => new Models.Property(name, value)))
}

/** A UUID (version 8, RFC 9562: its bits are ours to choose) of the images’ names and hashes. */
function serialNumber(images: readonly ReleaseImage[]): string {
  const hash = createHash('sha256').update(images.map(({ name, image }) => `${image.sha256}  ${name}\n`).join('')).digest('hex')
  const variant = ((Number.parseInt(hash.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return `urn:uuid:${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}
