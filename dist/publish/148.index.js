export const id = 148;
export const ids = [148];
export const modules = {

/***/ 67148:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   artifactSbom: () => (/* binding */ artifactSbom)
/* harmony export */ });
/* unused harmony exports writeSbom, hasPackages, partsOf, properties, serialNumber */
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(77598);
/* harmony import */ var _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(6820);
/* harmony import */ var _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(50320);
/* harmony import */ var _cyclonedx_cyclonedx_library_Serialize__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(51248);
/* harmony import */ var _cyclonedx_cyclonedx_library_Spec__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(94321);
/* harmony import */ var _licenses_js__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(22009);
// Not the library's main module: that looks for its schemas by `__dirname`, which a bundle does not have.






/**
 * The bill of materials of an artifact, in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): its images, and what they were
 * made of. A scope of `required` is in the images, `excluded` only built them, `optional` may be in them. It is made of build
 * info alone: equal build info gives an equal text.
 */
function artifactSbom(name, info) {
    const root = new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.Component(_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.ComponentType.Application, name, { bomRef: 'artifact' });
    const parts = partsOf(info);
    const images = info.images.map((image) => {
        const component = imageComponent(image);
        for (const { bomRef } of parts)
            component.dependencies.add(bomRef);
        root.dependencies.add(component.bomRef);
        return component;
    });
    const serial = serialNumber(info.images.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join(''));
    return writeSbom({ root, serial, made: new Date(info.createdAt), isComplete: hasPackages(info), components: [...images, ...parts] });
}
function imageComponent({ file, unikernel, sha256 }) {
    return new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.Component(_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.ComponentType.Application, file, {
        bomRef: `image:${file}`,
        hashes: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.HashDictionary([[_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.HashAlgorithm['SHA-256'], sha256]]),
        properties: properties({ 'unikernel-ci:unikernel': unikernel }),
    });
}
/** The text of an SBOM, the same for the same content. */
function writeSbom({ root, serial, made, isComplete, components }) {
    const completeness = isComplete
        ? 'packages of the switch and sources of duniverse/; not what a build fetched by itself'
        : 'incomplete: the toolchain and what was asked of it, not the libraries of a project';
    const bom = new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.Bom({
        serialNumber: serial,
        metadata: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.Metadata({
            timestamp: made,
            component: root,
            tools: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.Tools({ components: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.ComponentRepository([new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.Component(_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.ComponentType.Application, 'unikernel-ci')]) }),
            properties: properties({ 'unikernel-ci:completeness': completeness }),
        }),
        components: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.ComponentRepository(components),
    });
    const serializer = new _cyclonedx_cyclonedx_library_Serialize__WEBPACK_IMPORTED_MODULE_3__.JsonSerializer(new _cyclonedx_cyclonedx_library_Serialize__WEBPACK_IMPORTED_MODULE_3__.JSON.Normalize.Factory(_cyclonedx_cyclonedx_library_Spec__WEBPACK_IMPORTED_MODULE_4__.Spec1dot6));
    return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}
/** Whether the packages of a build are known. */
function hasPackages({ packages }) {
    return packages !== null && packages !== undefined;
}
/** What an image was made of: each package with its hashes, licences and scope, and the C compiler. */
function partsOf({ toolchain, packages }) {
    const used = packages ?? [];
    const compiler = toolchain === null
        ? []
        : [new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.Component(_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.ComponentType.Application, 'C compiler', { bomRef: `cc:${toolchain.cCompiler}`, version: toolchain.cCompiler, scope: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.ComponentScope.Excluded })];
    return [...(hasPackages({ packages }) ? used.map(packageComponent) : toolchain === null ? [] : askedComponents(toolchain)), ...compiler];
}
const scopes = {
    image: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.ComponentScope.Required,
    tool: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.ComponentScope.Excluded,
    unknown: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.ComponentScope.Optional,
};
function packageComponent({ name, version, from, use, source, hashes, licenses }) {
    const purl = purlOf(name, version);
    return new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.Component(_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.ComponentType.Library, name, {
        // A package may be in the switch as a tool, and in duniverse/ for the image.
        bomRef: [`${purl}#${from}`, ...hashes.slice(0, 1)].join(':'),
        purl,
        version,
        scope: scopes[use],
        hashes: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.HashDictionary(hashes.flatMap(hashOf)),
        licenses: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.LicenseRepository(licensesOf(licenses)),
        externalReferences: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.ExternalReferenceRepository(source === null ? [] : [new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.ExternalReference(source, _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.ExternalReferenceType.Distribution)]),
        properties: properties({ 'unikernel-ci:from': from }),
    });
}
const algorithms = {
    md5: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.HashAlgorithm.MD5,
    sha256: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.HashAlgorithm['SHA-256'],
    sha512: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.HashAlgorithm['SHA-512'],
};
/** opam writes `sha256=…`. */
function hashOf(text) {
    const [, name = '', digits = ''] = /^(\w+)=([0-9a-f]+)$/.exec(text) ?? [];
    const algorithm = algorithms[name];
    return algorithm === undefined ? [] : [[algorithm, digits]];
}
/** One expression where all of them are SPDX's, because CycloneDX takes one; else names. */
function licensesOf(licenses) {
    if (licenses.length === 0)
        return [];
    if (licenses.every((license) => (0,_licenses_js__WEBPACK_IMPORTED_MODULE_5__/* .spdxExpression */ .k)(license) !== undefined)) {
        return [new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.LicenseExpression(licenses.length === 1 ? licenses.join('') : licenses.map((license) => `(${license})`).join(' AND '))];
    }
    return licenses.map((license) => new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.NamedLicense(license));
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
    return new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.Component(_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_1__.ComponentType.Library, name, {
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
    return new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.PropertyRepository(Object.entries(values).map(([name, value]) => new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_2__.Property(name, value)));
}
/** A UUID (version 8, RFC 9562: its bits are ours to choose) of a text. */
function serialNumber(text) {
    const hash = (0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.createHash)('sha256').update(text).digest('hex');
    const variant = ((Number.parseInt(hash.charAt(16), 16) & 0x3) | 0x8).toString(16);
    return `urn:uuid:${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}


/***/ })

};
