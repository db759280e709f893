export const id = 154;
export const ids = [154];
export const modules = {

/***/ 12154:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  artifactSbom: () => (/* binding */ artifactSbom)
});

// UNUSED EXPORTS: serialNumber, writeSbom

// EXTERNAL MODULE: ./node_modules/@cyclonedx/cyclonedx-library/dist.node/enums/index.js
var enums = __webpack_require__(6820);
// EXTERNAL MODULE: ./node_modules/@cyclonedx/cyclonedx-library/dist.node/models/index.js
var models = __webpack_require__(50320);
// EXTERNAL MODULE: ./node_modules/@cyclonedx/cyclonedx-library/dist.node/serialize/index.node.js
var index_node = __webpack_require__(51248);
// EXTERNAL MODULE: ./node_modules/@cyclonedx/cyclonedx-library/dist.node/spec/index.js
var spec = __webpack_require__(94321);
// EXTERNAL MODULE: ./lib/src/platform/files/hash.js
var files_hash = __webpack_require__(93086);
// EXTERNAL MODULE: ./lib/src/report/licenses.js
var report_licenses = __webpack_require__(22009);
;// CONCATENATED MODULE: ./lib/src/report/sbom-parts.js



/** What an image was made of: each package with its hashes, licences and scope, and the C compiler. */
function partsOf({ toolchain, packages }) {
    if (toolchain === null)
        return (packages ?? []).map(packageComponent);
    return [...(packages?.map(packageComponent) ?? askedComponents(toolchain)), compilerComponent(toolchain)];
}
function compilerComponent({ cCompiler }) {
    const facts = { bomRef: `cc:${cCompiler}`, version: cCompiler, scope: enums.ComponentScope.Excluded };
    return new models.Component(enums.ComponentType.Application, 'C compiler', facts);
}
const scopes = {
    image: enums.ComponentScope.Required,
    tool: enums.ComponentScope.Excluded,
    unknown: enums.ComponentScope.Optional,
};
function packageComponent({ name, version, from, use, source, hashes, licenses }) {
    const purl = purlOf(name, version);
    return new models.Component(enums.ComponentType.Library, name, {
        // A package may be in the switch as a tool, and in duniverse/ for the image.
        bomRef: [`${purl}#${from}`, ...hashes.slice(0, 1)].join(':'),
        purl,
        version,
        scope: scopes[use],
        hashes: new models.HashDictionary(hashes.flatMap(opamHash)),
        licenses: new models.LicenseRepository(licensesOf(licenses)),
        externalReferences: new models.ExternalReferenceRepository(source === null ? [] : [new models.ExternalReference(source, enums.ExternalReferenceType.Distribution)]),
        properties: properties({ 'unikernel-ci:from': from }),
    });
}
const algorithms = {
    md5: enums.HashAlgorithm.MD5,
    sha256: enums.HashAlgorithm['SHA-256'],
    sha512: enums.HashAlgorithm['SHA-512'],
};
/** opam writes `sha256=…`. */
function opamHash(text) {
    const [, name = '', digits = ''] = /^(\w+)=([0-9a-f]+)$/.exec(text) ?? [];
    const algorithm = algorithms[name];
    return algorithm === undefined ? [] : [[algorithm, digits]];
}
/** One expression where all of them are SPDX's, because CycloneDX takes one; else names. */
function licensesOf(licenses) {
    if (licenses.length === 0)
        return [];
    if (licenses.every((license) => (0,report_licenses/* spdxExpression */.k)(license) !== undefined)) {
        return [new models.LicenseExpression(licenses.length === 1 ? licenses.join('') : licenses.map((license) => `(${license})`).join(' AND '))];
    }
    return licenses.map((license) => new models.NamedLicense(license));
}
/** Of a toolchain whose packages are not known: a version that was chosen says more than the package in the list of those asked for. */
function askedComponents({ versions, opamPackages, opamPins }) {
    const chosen = Object.entries({ ...versions });
    const isChosen = (name) => chosen.some(([known]) => known === name);
    const asked = opamPackages.map(readPackage).filter(({ name }) => !isChosen(name));
    const pinned = (name) => opamPins.find((pin) => readPackage(pin.package).name === name)?.url;
    const onlyPinned = opamPins.map((pin) => readPackage(pin.package)).filter(({ name }) => !isChosen(name) && asked.every((one) => one.name !== name));
    return [...chosen.map(([name, version]) => ({ name, version })), ...asked, ...onlyPinned].map((one) => askedComponent(one, pinned(one.name)));
}
/** `lwt` or `lwt.5.9.1`, as opam writes them: names have no point. */
function readPackage(text) {
    const [, name = text, version] = /^([\w+-]+)(?:\.(\S+))?/.exec(text) ?? [];
    return { name, version };
}
function askedComponent({ name, version }, pin) {
    const purl = purlOf(name, version);
    return new models.Component(enums.ComponentType.Library, name, {
        bomRef: pin === undefined ? purl : `${purl}#${pin}`,
        purl,
        ...(version === undefined ? {} : { version }),
        ...(pin === undefined ? {} : { properties: properties({ 'unikernel-ci:opam-pin': pin }) }),
    });
}
/** The type `opam`: https://github.com/package-url/purl-spec */
function purlOf(name, version) {
    return `pkg:opam/${encodeURIComponent(name)}${version === undefined ? '' : `@${encodeURIComponent(version)}`}`;
}
function properties(values) {
    return new models.PropertyRepository(Object.entries(values).map(([name, value]) => new models.Property(name, value)));
}

;// CONCATENATED MODULE: ./lib/src/report/sbom.js
// Not the library's main module: that looks for its schemas by `__dirname`, which a bundle does not have.






/**
 * The bill of materials of an artifact, in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): its images, and what they were
 * made of. A scope of `required` is in the images, `excluded` only built them, `optional` may be in them. It is made of build
 * info alone: equal build info gives an equal text.
 */
function artifactSbom(name, info) {
    const root = new models.Component(enums.ComponentType.Application, name, { bomRef: 'artifact' });
    const parts = partsOf(info);
    const images = info.images.map((image) => {
        const component = imageComponent(image);
        for (const { bomRef } of parts)
            component.dependencies.add(bomRef);
        root.dependencies.add(component.bomRef);
        return component;
    });
    const serial = serialNumber(info.images.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join(''));
    return writeSbom({ root, serial, made: new Date(info.createdAt), isComplete: info.packages !== null, components: [...images, ...parts] });
}
function imageComponent({ file, unikernel, sha256 }) {
    return new models.Component(enums.ComponentType.Application, file, {
        bomRef: `image:${file}`,
        hashes: new models.HashDictionary([[enums.HashAlgorithm['SHA-256'], sha256]]),
        properties: properties({ 'unikernel-ci:unikernel': unikernel }),
    });
}
/** The text of an SBOM, the same for the same content. */
function writeSbom({ root, serial, made, isComplete, components }) {
    const completeness = isComplete
        ? 'packages of the switch and sources of duniverse/; not what a build fetched by itself'
        : 'incomplete: the toolchain and what was asked of it, not the libraries of a project';
    const bom = new models.Bom({
        serialNumber: serial,
        metadata: new models.Metadata({
            timestamp: made,
            component: root,
            tools: new models.Tools({ components: new models.ComponentRepository([new models.Component(enums.ComponentType.Application, 'unikernel-ci')]) }),
            properties: properties({ 'unikernel-ci:completeness': completeness }),
        }),
        components: new models.ComponentRepository(components),
    });
    const serializer = new index_node.JsonSerializer(new index_node.JSON.Normalize.Factory(spec.Spec1dot6));
    return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}
/** A UUID (version 8, RFC 9562: its bits are ours to choose) of a text. */
function serialNumber(text) {
    const hash = (0,files_hash/* hashOf */.q)(text);
    const variant = ((Number.parseInt(hash.charAt(16), 16) & 0x3) | 0x8).toString(16);
    return `urn:uuid:${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}


/***/ })

};
