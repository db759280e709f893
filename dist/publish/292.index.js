export const id = 292;
export const ids = [292];
export const modules = {

/***/ 87292:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   artifactSbom: () => (/* binding */ artifactSbom)
/* harmony export */ });
/* unused harmony exports writeSbom, serialNumber, partsOf, properties */
/* harmony import */ var _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(6820);
/* harmony import */ var _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(50320);
/* harmony import */ var _cyclonedx_cyclonedx_library_Serialize__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(51248);
/* harmony import */ var _cyclonedx_cyclonedx_library_Spec__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(94321);
/* harmony import */ var _platform_files_hash_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(93086);
/* harmony import */ var _licenses_js__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(85193);
// Not the library's main module: it finds its schemas by `__dirname`, which a bundle does not have.






/**
 * The bill of materials of an artifact, in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): its images and their
 * parts. The scope of a part in the images is `required`, of a part that only built them `excluded`, of a part that may
 * be in them `optional`. The text depends on build info alone.
 */
function artifactSbom(name, info) {
    const root = new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.Component(_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.ComponentType.Application, name, { bomRef: "artifact" });
    const parts = partsOf(info);
    const images = info.images.map((image) => {
        const component = imageComponent(image);
        for (const { bomRef } of parts)
            component.dependencies.add(bomRef);
        root.dependencies.add(component.bomRef);
        return component;
    });
    const serial = serialNumber(info.images.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join(""));
    return writeSbom({
        root,
        serial,
        made: new Date(info.createdAt),
        isComplete: info.packages !== null,
        components: [...images, ...parts],
    });
}
function imageComponent({ file, unikernel, sha256 }) {
    return new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.Component(_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.ComponentType.Application, file, {
        bomRef: `image:${file}`,
        hashes: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.HashDictionary([[_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.HashAlgorithm["SHA-256"], sha256]]),
        properties: properties({ "unikernel-ci:unikernel": unikernel }),
    });
}
/** The text of an SBOM, the same for the same content. */
function writeSbom({ root, serial, made, isComplete, components }) {
    const completeness = isComplete
        ? "packages of the switch and sources in duniverse/, without downloads of the build itself"
        : "incomplete: the toolchain and its requested packages, without the project’s libraries";
    const bom = new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.Bom({
        serialNumber: serial,
        metadata: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.Metadata({
            timestamp: made,
            component: root,
            tools: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.Tools({
                components: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.ComponentRepository([
                    new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.Component(_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.ComponentType.Application, "unikernel-ci"),
                ]),
            }),
            properties: properties({ "unikernel-ci:completeness": completeness }),
        }),
        components: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.ComponentRepository(components),
    });
    const serializer = new _cyclonedx_cyclonedx_library_Serialize__WEBPACK_IMPORTED_MODULE_2__.JsonSerializer(new _cyclonedx_cyclonedx_library_Serialize__WEBPACK_IMPORTED_MODULE_2__.JSON.Normalize.Factory(_cyclonedx_cyclonedx_library_Spec__WEBPACK_IMPORTED_MODULE_3__.Spec1dot6));
    return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}
/** The URN of a UUID derived from a text (version 8 of RFC 9562, whose bits an application chooses). */
function serialNumber(text) {
    const hash = (0,_platform_files_hash_js__WEBPACK_IMPORTED_MODULE_4__/* .hashOf */ .q)(text);
    const variant = ((Number.parseInt(hash.charAt(16), 16) & 0x3) | 0x8).toString(16);
    const groups = [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `${variant}${hash.slice(17, 20)}`];
    return `urn:uuid:${[...groups, hash.slice(20, 32)].join("-")}`;
}
/** The parts of an image: each package with its hashes, licences and scope, and the C compiler. */
function partsOf({ toolchain, packages }) {
    if (toolchain === null)
        return (packages ?? []).map(packageComponent);
    return [...(packages?.map(packageComponent) ?? askedComponents(toolchain)), compilerComponent(toolchain)];
}
function compilerComponent({ cCompiler }) {
    const facts = { bomRef: `cc:${cCompiler}`, version: cCompiler, scope: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.ComponentScope.Excluded };
    return new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.Component(_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.ComponentType.Application, "C compiler", facts);
}
const scopes = {
    image: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.ComponentScope.Required,
    tool: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.ComponentScope.Excluded,
    unknown: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.ComponentScope.Optional,
};
function packageComponent({ name, version, from, use, source, hashes, licenses }) {
    const purl = purlOf(name, version);
    return new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.Component(_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.ComponentType.Library, name, {
        // The same package can be a tool in the switch and a source in duniverse/.
        bomRef: [`${purl}#${from}`, ...hashes.slice(0, 1)].join(":"),
        purl,
        version,
        scope: scopes[use],
        hashes: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.HashDictionary(hashes.flatMap(opamHash)),
        licenses: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.LicenseRepository(licensesOf(licenses)),
        externalReferences: new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.ExternalReferenceRepository(source === null ? [] : [new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.ExternalReference(source, _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.ExternalReferenceType.Distribution)]),
        properties: properties({ "unikernel-ci:from": from }),
    });
}
const algorithms = {
    md5: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.HashAlgorithm.MD5,
    sha256: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.HashAlgorithm["SHA-256"],
    sha512: _cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.HashAlgorithm["SHA-512"],
};
/** Of `sha256=…`, as opam writes it. */
function opamHash(text) {
    const [, name = "", digits = ""] = /^(\w+)=([0-9a-f]+)$/.exec(text) ?? [];
    const algorithm = algorithms[name];
    return algorithm === undefined ? [] : [[algorithm, digits]];
}
/** One expression when all are SPDX expressions, because CycloneDX allows only one; else names. */
function licensesOf(licenses) {
    if (licenses.length === 0)
        return [];
    if (licenses.every((license) => (0,_licenses_js__WEBPACK_IMPORTED_MODULE_5__/* .spdxExpression */ .k)(license) !== undefined)) {
        return [
            new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.LicenseExpression(licenses.length === 1 ? licenses.join("") : licenses.map((license) => `(${license})`).join(" AND ")),
        ];
    }
    return licenses.map((license) => new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.NamedLicense(license));
}
/**
 * Of a toolchain whose installed packages are not known. A chosen version replaces the request for the same package.
 */
function askedComponents({ versions, opamPackages, opamPins }) {
    const chosen = Object.entries({ ...versions });
    const isChosen = (name) => chosen.some(([known]) => known === name);
    const asked = opamPackages.map(readPackage).filter(({ name }) => !isChosen(name));
    const pinned = (name) => opamPins.find((pin) => readPackage(pin.package).name === name)?.url;
    const onlyPinned = opamPins
        .map((pin) => readPackage(pin.package))
        .filter(({ name }) => !isChosen(name) && asked.every((one) => one.name !== name));
    return [...chosen.map(([name, version]) => ({ name, version })), ...asked, ...onlyPinned].map((one) => askedComponent(one, pinned(one.name)));
}
/** Of `lwt` or `lwt.5.9.1`, as opam writes them: a name contains no dot. */
function readPackage(text) {
    const [, name = text, version] = /^([\w+-]+)(?:\.(\S+))?/.exec(text) ?? [];
    return { name, version };
}
function askedComponent({ name, version }, pin) {
    const purl = purlOf(name, version);
    return new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.Component(_cyclonedx_cyclonedx_library_Enums__WEBPACK_IMPORTED_MODULE_0__.ComponentType.Library, name, {
        bomRef: pin === undefined ? purl : `${purl}#${pin}`,
        purl,
        ...(version === undefined ? {} : { version }),
        ...(pin === undefined ? {} : { properties: properties({ "unikernel-ci:opam-pin": pin }) }),
    });
}
/** The type `opam`: https://github.com/package-url/purl-spec */
function purlOf(name, version) {
    return `pkg:opam/${encodeURIComponent(name)}${version === undefined ? "" : `@${encodeURIComponent(version)}`}`;
}
function properties(values) {
    return new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.PropertyRepository(Object.entries(values).map(([name, value]) => new _cyclonedx_cyclonedx_library_Models__WEBPACK_IMPORTED_MODULE_1__.Property(name, value)));
}


/***/ })

};
