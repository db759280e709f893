export const id = 58;
export const ids = [58];
export const modules = {

/***/ 4058:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  b: () => (/* binding */ fetchCarrier),
  publishedCarriers: () => (/* binding */ publishedCarriers)
});

// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(3024);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: external "node:stream/promises"
var promises_ = __webpack_require__(6466);
;// CONCATENATED MODULE: ./lib/data/carriers.json
const carriers_namespaceObject = {"M":[]};
// EXTERNAL MODULE: ./lib/src/platform/files/atomic.js
var atomic = __webpack_require__(1923);
// EXTERNAL MODULE: ./lib/src/platform/files/own-folder.js
var own_folder = __webpack_require__(1765);
// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
// EXTERNAL MODULE: external "node:stream"
var external_node_stream_ = __webpack_require__(7075);
// EXTERNAL MODULE: external "node:url"
var external_node_url_ = __webpack_require__(3136);
// EXTERNAL MODULE: ./lib/src/platform/error-code.js
var error_code = __webpack_require__(9958);
// EXTERNAL MODULE: ./lib/src/platform/log.js
var platform_log = __webpack_require__(150);
// EXTERNAL MODULE: ./lib/src/platform/problem.js
var problem = __webpack_require__(4047);
// EXTERNAL MODULE: external "node:timers/promises"
var external_node_timers_promises_ = __webpack_require__(8500);
// EXTERNAL MODULE: ./node_modules/@actions/http-client/lib/index.js + 1 modules
var lib = __webpack_require__(4942);
// EXTERNAL MODULE: ./node_modules/undici/index.js
var undici = __webpack_require__(6752);
;// CONCATENATED MODULE: ./lib/src/platform/network/server-time.js
/**
 * What time it is for a server, in milliseconds since 1970: its times are by its own clock, and ours may have been set.
 *
 * @param headers of its answer, names in lower case: https://www.rfc-editor.org/rfc/rfc9110#field.date
 * @returns our own time where it does not say.
 */
function serverNowMs(headers) {
    const told = Date.parse(String(headers['date']));
    return Number.isNaN(told) ? Date.now() : told;
}

;// CONCATENATED MODULE: ./lib/src/platform/network/download.js







/** A toolchain would come in half a day then, and is built in a quarter of an hour. */
const slowest = { bytes: 64 * 1024, withinMs: 60_000 };
/** The server said no, or went on failing; `status` is undefined where it did not answer. */
class DownloadFailed extends Error {
    status;
    name = 'DownloadFailed';
    constructor(what, status, options) {
        super(what, options);
        this.status = status;
    }
}
/** In a row, without a byte between them. */
const tries = 5;
const mostRedirects = 5;
/** A longer wait costs more than what it waits for. */
const longestWaitMs = 60_000;
/**
 * The bytes of a file of an HTTP server, through the proxies of the environment. A transfer that breaks off, stalls or
 * meets a failing server is taken up where it stopped, with a growing pause in which chance keeps jobs apart that failed
 * together. It sends no credentials, and follows redirects that do not leave HTTPS.
 *
 * The stream fails with {@link DownloadFailed}.
 */
function download(url, options) {
    return external_node_stream_.Readable.from(chunksOf(url, options), { objectMode: false, highWaterMark: 1024 * 1024 });
}
async function* chunksOf(url, { log, most, isExact, wait = external_node_timers_promises_.setTimeout, silenceMs = 30_000, slowest: pace = slowest }) {
    let offset = 0;
    let waitedMs = 0;
    let sinceBytes = 0;
    for (let failures = 0;;) {
        const before = offset;
        let pauseMs;
        try {
            const answer = await ask(url, offset, silenceMs);
            if (answer.statusCode === 200 || answer.statusCode === 206) {
                let readyMs = performance.now();
                for await (const chunk of fromOffset(answer, offset)) {
                    offset += chunk.length;
                    if (offset > most)
                        throw new DownloadFailed(`${url} is longer than ${most} bytes`);
                    waitedMs += performance.now() - readyMs;
                    if (waitedMs > pace.withinMs) {
                        if (offset - sinceBytes < pace.bytes)
                            throw new DownloadFailed(`${url} comes too slowly: ${offset - sinceBytes} bytes in ${(0,platform_log/* seconds */.YA)(waitedMs)}`);
                        waitedMs = 0;
                        sinceBytes = offset;
                    }
                    yield chunk;
                    readyMs = performance.now();
                }
                if (offset === most || !isExact)
                    return;
                throw new Error(`it ended after ${offset} of ${most} bytes`);
            }
            await answer.body.dump();
            if (!mayPass(answer.statusCode))
                throw new DownloadFailed(`${url} was refused (status ${answer.statusCode})`, answer.statusCode);
            failures++;
            if (failures >= tries)
                throw new DownloadFailed(`${url} failed ${tries} times, at last with status ${answer.statusCode}`, answer.statusCode);
            pauseMs = retryAfterMs(answer) ?? pauseAfter(failures);
            log.debug(`${url}: status ${answer.statusCode}; again in ${(0,platform_log/* seconds */.YA)(pauseMs)}`);
        }
        catch (error) {
            if (error instanceof DownloadFailed)
                throw error;
            failures = offset > before ? 1 : failures + 1;
            if (failures >= tries)
                throw new DownloadFailed(`${url} failed ${tries} times: ${(0,problem/* messageOf */.b)(error)}`, undefined, { cause: error });
            pauseMs = pauseAfter(failures);
            log.debug(`${url}: ${(0,problem/* messageOf */.b)(error)}; going on at byte ${offset} in ${(0,platform_log/* seconds */.YA)(pauseMs)}`);
        }
        await wait(pauseMs);
    }
}
async function ask(url, offset, silenceMs) {
    let address = new URL(url);
    for (let left = mostRedirects;; left--) {
        const proxy = new lib/* HttpClient */.Qq().getAgentDispatcher(address.href);
        const answer = await (0,undici/* request */.Em)(address, {
            method: 'GET',
            headersTimeout: silenceMs,
            bodyTimeout: silenceMs,
            headers: { 'user-agent': 'unikernel-ci', ...(offset === 0 ? {} : { range: `bytes=${offset}-` }) },
            ...(proxy === undefined ? {} : { dispatcher: proxy }),
        });
        // Who reads the body is told; one that nobody reads must not end the process.
        answer.body.on('error', () => undefined);
        const location = [answer.headers['location'] ?? []].flat()[0];
        if (answer.statusCode < 300 || answer.statusCode >= 400 || location === undefined)
            return answer;
        await answer.body.dump();
        const next = new URL(location, address);
        if (!mayLead(address, next))
            throw new DownloadFailed(`${url} leads away from HTTPS, to ${next.origin}`);
        if (left === 0)
            throw new DownloadFailed(`${url} leads from address to address`);
        address = next;
    }
}
/** Whether a redirect may be followed: to HTTPS, and to HTTP from where it was no better. */
const mayLead = (from, to) => to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:');
/** Without what is there already: a server may answer a question for a part with the whole. */
async function* fromOffset(answer, offset) {
    const [, start] = /^bytes (\d+)-/.exec(String(answer.headers['content-range'])) ?? [];
    let toSkip = answer.statusCode === 206 && Number(start) === offset ? 0 : offset;
    if (answer.statusCode === 206 && toSkip > 0) {
        answer.body.destroy();
        throw new Error(`it was asked for what follows byte ${offset}, and sent something else`);
    }
    for await (const chunk of answer.body) {
        const kept = chunk.subarray(Math.min(toSkip, chunk.length));
        toSkip -= chunk.length - kept.length;
        if (kept.length > 0)
            yield kept;
    }
}
const mayPass = (status) => status === 408 || status === 429 || status >= 500;
/** https://www.rfc-editor.org/rfc/rfc9110#field.retry-after, in milliseconds. */
function retryAfterMs({ headers }) {
    const text = [headers['retry-after'] ?? []].flat()[0];
    if (text === undefined)
        return undefined;
    const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - serverNowMs(headers);
    return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestWaitMs);
}
const pauseAfter = (failures) => 500 * 2 ** failures * (0.5 + Math.random());

// EXTERNAL MODULE: external "node:fs/promises"
var external_node_fs_promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: ./lib/src/platform/shape.js
var shape = __webpack_require__(2973);
;// CONCATENATED MODULE: ./lib/src/platform/network/published-list.js






/** What is published. A list has this name, with `.json` for its file and as it is for its rows. */
const publishedKinds = {
    toolchains: { one: 'toolchain', packedBy: 'unikernel-ci toolchain pack' },
    carriers: { one: 'Linux guest', packedBy: 'unikernel-ci toolchain carrier' },
};
/**
 * Reads a list of archives.
 *
 * @param base the address of the folder that it lies in.
 * @throws Problem where it is none, or names an address that is no place for an archive.
 */
function parseList(kind, text, base) {
    const wrong = (what) => new problem/* Problem */.A(`${base.href}${kind}.json ${what}`, { do: `write it with \`${publishedKinds[kind].packedBy}\`` });
    let value;
    try {
        value = JSON.parse(text);
    }
    catch {
        throw wrong('is no JSON');
    }
    const rows = (0,shape/* isRecord */.u4)(value) && value['format'] === 1 ? value[kind] : undefined;
    if (!Array.isArray(rows))
        throw wrong(`is no list of ${kind} of format 1`);
    return rows.map((row) => {
        if (!(0,shape/* isRecord */.u4)(row))
            throw wrong('has a row that is no archive');
        const { key, image } = row;
        if (typeof key !== 'string')
            throw wrong('has a row that is no archive');
        return { key, ...parseFile(row), ...(image === undefined ? {} : { image: parseFile(image) }) };
    });
    function parseFile(value) {
        const { url, sha256, bytes } = (0,shape/* isRecord */.u4)(value) ? value : {};
        const isFile = typeof url === 'string' && typeof sha256 === 'string' && /^[\da-f]{64}$/.test(sha256) && Number.isSafeInteger(bytes);
        if (!isFile || !URL.canParse(url, base.href))
            throw wrong('has a row that is no archive');
        const address = new URL(url, base);
        // Else a list from the network could make us read this machine's files.
        if (address.protocol === 'file:' && base.protocol !== 'file:')
            throw wrong(`names a file of this machine: ${address.href}`);
        return { url: address.href, sha256, bytes: bytes };
    }
}
/** A list as it is written: in the order of its keys, each of them once, a later row in the place of a former one. */
function listText(kind, archives) {
    const rows = [...new Map(archives.map((archive) => [archive.key, archive])).values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    return `${JSON.stringify({ format: 1, [kind]: rows }, null, 2)}\n`;
}
/** Adds an archive to the list of its folder, which is then a mirror. */
async function addToList(kind, folder, archive) {
    const file = join(folder, `${kind}.json`);
    const text = await readFile(file, 'utf8').catch(() => listText(kind, []));
    const base = pathToFileURL(`${folder}/`);
    // As they are written: what is relative stays so.
    const relative = (published) => ({ ...published, url: published.url.replace(base.href, '') });
    const rows = parseList(kind, text, base).map((row) => ({ ...relative(row), ...(row.image === undefined ? {} : { image: relative(row.image) }) }));
    await writeFileAtomically(file, listText(kind, [...rows, archive]));
}

;// CONCATENATED MODULE: ./lib/src/platform/network/published-archive.js









/** Thrown for what is there and cannot be had, or cannot be used: what is next is asked. */
class Unusable extends Error {
    name = 'Unusable';
}
/** Opens a published archive. Its bytes fail with {@link Unusable} where they are not to be had. */
function openArchive(line, kind, archive) {
    const start = performance.now();
    const url = new URL(archive.url);
    const source = url.protocol === 'file:' ? (0,external_node_fs_.createReadStream)((0,external_node_url_.fileURLToPath)(url)) : download(archive.url, { ...line, most: archive.bytes, isExact: true });
    // Its reader is told of an error when it reads, which may be later than it happens.
    source.on('error', () => undefined);
    const chunks = source[Symbol.asyncIterator]();
    const hash = (0,external_node_crypto_.createHash)('sha256');
    let bytes = 0;
    let arrivedMs = 0;
    const next = async () => {
        const result = await chunks.next().catch((error) => {
            throw error instanceof DownloadFailed || (0,error_code/* isMissing */.b2)(error) ? new Unusable((0,problem/* messageOf */.b)(error), { cause: error }) : error;
        });
        arrivedMs = performance.now() - start;
        if (result.done === true)
            return undefined;
        const chunk = result.value;
        bytes += chunk.length;
        hash.update(chunk);
        return chunk;
    };
    const all = async function* () {
        for (let chunk = await next(); chunk !== undefined; chunk = await next())
            yield chunk;
    };
    return {
        bytes: external_node_stream_.Readable.from(all(), { objectMode: false, highWaterMark: 1024 * 1024 }),
        async finish() {
            // What made no sense was not read to its end, and only the whole tells whether it is what was published.
            while ((await next()) !== undefined)
                ;
            const found = hash.digest('hex');
            if (found !== archive.sha256)
                throw notWhatWasPublished(kind, archive, found, bytes);
            return `${(0,platform_log/* size */.Ej)(bytes)} in ${(0,platform_log/* seconds */.YA)(arrivedMs)}`;
        },
    };
}
function notWhatWasPublished(kind, { url, sha256, bytes }, found, foundBytes) {
    return new problem/* Problem */.A(`${url} is not the ${publishedKinds[kind].one} that was published`, {
        found: `SHA-256 ${found}, ${foundBytes} bytes`,
        accepted: `SHA-256 ${sha256}, ${bytes} bytes`,
        do: 'nothing of it was used. Try again; if it stays so, report it, and leave out `mirror` meanwhile',
    });
}

;// CONCATENATED MODULE: ./lib/src/platform/network/published.js







/** Of a mirror's list, in bytes. */
const largestList = 4 * 1024 ** 2;
/**
 * Archives that were published: by this action's own repository and by a mirror. Where both have one the bytes come from
 * the mirror, and must be the ones that this repository names.
 */
function publishedArchives(log, kind, { own, mirror, ...patience }) {
    const line = { log, ...patience };
    let list;
    return {
        async find(key) {
            const named = own.find((archive) => archive.key === key);
            list ??= mirror === undefined ? Promise.resolve([]) : readList(line, kind, mirror);
            const mirrored = (await list).find((archive) => archive.key === key);
            return named === undefined || mirrored === undefined ? (mirrored ?? named) : fromMirror(named, mirrored);
        },
        open: (file) => openArchive(line, kind, file),
    };
}
/** What this repository names, from where the mirror has it. */
function fromMirror({ image, ...named }, mirrored) {
    const images = image === undefined || mirrored.image === undefined ? {} : { image: { ...image, url: mirrored.image.url } };
    return { ...named, url: mirrored.url, ...images };
}
/** What a mirror has; nothing, and a notice, where it does not answer. */
async function readList(line, kind, mirror) {
    const base = baseOf(mirror);
    const list = new URL(`${kind}.json`, base);
    try {
        return parseList(kind, await readText(line, list), base);
    }
    catch (error) {
        if (!(error instanceof DownloadFailed) && !(0,error_code/* isMissing */.b2)(error))
            throw error;
        const said = `the mirror has no list of ${kind}: ${(0,problem/* messageOf */.b)(error)}`;
        // Most mirrors are made for toolchains alone.
        if (kind !== 'toolchains' && isNotThere(error))
            line.log.debug(said);
        else
            line.log.notice(said);
        return [];
    }
}
/** @throws Problem for a mirror whose address cannot be one. */
function baseOf(mirror) {
    const url = URL.canParse(mirror) ? new URL(mirror) : undefined;
    if (url === undefined || !['https:', 'http:', 'file:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
        throw new problem/* Problem */.A(`input mirror: ${JSON.stringify(mirror)} is not accepted`, {
            accepted: 'the address of a folder with a toolchains.json or carriers.json in it, without a password: https://…, http://… or file:///…',
        });
    }
    if (!url.pathname.endsWith('/'))
        url.pathname += '/';
    return url;
}
async function readText(line, url) {
    if (url.protocol === 'file:')
        return (0,external_node_fs_promises_.readFile)((0,external_node_url_.fileURLToPath)(url), 'utf8');
    const chunks = [];
    let total = 0;
    // Its length is not known before: it ends where the server says so.
    for await (const chunk of download(url.href, { ...line, most: largestList, isExact: false })) {
        total += chunk.length;
        chunks.push(chunk);
    }
    return Buffer.concat(chunks, total).toString('utf8');
}
const isNotThere = (error) => (0,error_code/* isMissing */.b2)(error) || (error instanceof DownloadFailed && error.status === 404);

// EXTERNAL MODULE: ./lib/src/platform/process/process.js
var process = __webpack_require__(7311);
// EXTERNAL MODULE: ./lib/src/boot/carrier/place.js
var place = __webpack_require__(5519);
;// CONCATENATED MODULE: ./lib/src/boot/carrier/published.js










/** Carriers that were published: by this action's own repository, and by the input `mirror`. */
function publishedCarriers(log, mirror) {
    return publishedArchives(log, 'carriers', { mirror, own: carriers_namespaceObject.M });
}
/**
 * Puts a published carrier in its place.
 *
 * @returns false where there is none, or none that can be had; then a notice says why.
 * @throws Problem where it is not the one that was published: nothing of it was unpacked.
 */
async function fetchCarrier(context, { key, folder }, published) {
    const archive = await published.find(key);
    if (archive === undefined)
        return false;
    return (0,own_folder/* withOwnFolder */.F)(context.host.folders.temporary, 'boot', async (work) => {
        const file = (0,external_node_path_.join)(work, 'carrier.tar.gz');
        try {
            const fetched = published.open(archive);
            await (0,promises_.pipeline)(fetched.bytes, (0,external_node_fs_.createWriteStream)(file));
            context.log.debug(`${archive.url}: ${await fetched.finish()}`);
            await (0,atomic/* replaceFolder */.xn)(folder, (draft) => unpack(context, file, draft));
            return true;
        }
        catch (error) {
            if (!(error instanceof Unusable))
                throw error;
            context.log.notice(`the published Linux guest cannot be used: ${error.message}`);
            return false;
        }
    });
}
/** @throws Unusable when it is no archive of a carrier. */
async function unpack({ processes }, file, folder) {
    const { exitCode, stderr } = await processes.run(['tar', '--extract', '--gzip', '--no-same-owner', '--file', file, '--directory', folder, ...place/* carrierNames */.n]);
    if (exitCode !== 0)
        throw new Unusable((0,process/* lastLines */.w$)(stderr, 3).join(' '));
}


/***/ })

};
