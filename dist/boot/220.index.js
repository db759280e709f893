export const id = 220;
export const ids = [220,58];
export const modules = {

/***/ 1220:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  ensureCarrier: () => (/* binding */ ensureCarrier)
});

// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(3024);
// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: ./lib/src/platform/files/atomic.js
var atomic = __webpack_require__(1923);
// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(8161);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: external "node:timers/promises"
var external_node_timers_promises_ = __webpack_require__(8500);
// EXTERNAL MODULE: ./lib/src/platform/error-code.js
var error_code = __webpack_require__(9958);
// EXTERNAL MODULE: ./lib/src/platform/process/leftovers.js
var leftovers = __webpack_require__(2554);
// EXTERNAL MODULE: ./lib/src/platform/process/owner-mark.js
var owner_mark = __webpack_require__(3483);
;// CONCATENATED MODULE: ./lib/src/platform/files/lock.js









const heartbeatMs = 5_000;
/** A holder that cannot be seen from here (on another machine, in a container) and has not touched its lock for this long is dead. */
const silentMs = 60_000;
const pollMs = 500;
/**
 * Runs `body` while no other process, here or on a machine that shares the folder, holds the lock `path`.
 * A lock whose holder is dead is taken over; a holder that is told to end gives it back. No clock is compared with another
 * one, or with itself after it may have been set.
 *
 * @param onWait called once when somebody else holds it.
 * @param patienceMs see {@link silentMs}.
 */
async function withLock(path, onWait, body, patienceMs = silentMs) {
    await (0,promises_.mkdir)((0,external_node_path_.dirname)(path), { recursive: true });
    const own = newHolder();
    const watch = new Silence();
    let isWaiting = false;
    while (!(await take(path, own))) {
        const holder = await (0,promises_.readFile)(path, 'utf8').catch(() => undefined);
        if (holder === undefined)
            continue;
        const state = stateOf(holder);
        if (state === 'gone' || (state === 'unseen' && (await watch.lastsMs(path, holder)) > patienceMs)) {
            await remove(path, holder);
            continue;
        }
        if (!isWaiting)
            onWait(nameOf(holder));
        isWaiting = true;
        await (0,external_node_timers_promises_.setTimeout)(pollMs);
    }
    return hold(path, own, body);
}
/** Runs `body` with the lock `path` of a process that is dead for sure. Where there is none, or somebody is faster, nothing is done. */
async function withAbandonedLock(path, body) {
    const holder = await readFile(path, 'utf8').catch(() => undefined);
    if (holder === undefined || stateOf(holder) !== 'gone')
        return;
    await remove(path, holder);
    const own = newHolder();
    if (await take(path, own))
        await hold(path, own, body);
}
async function hold(path, own, body) {
    const heartbeat = setInterval(() => void (0,promises_.utimes)(path, new Date(), new Date()).catch(() => undefined), heartbeatMs);
    heartbeat.unref();
    try {
        return await (0,leftovers/* cleaningUp */.fm)(() => removeOwn(path, own), body);
    }
    finally {
        clearInterval(heartbeat);
        await remove(path, own);
    }
}
/** What a lock says of its holder: the mark of its process, the machine's name for a person, and chance. */
const newHolder = () => `${(0,owner_mark/* markText */.PQ)((0,owner_mark/* ownMark */.a1)())} ${(0,external_node_os_.hostname)()} ${(0,external_node_crypto_.randomBytes)(8).toString('hex')}`;
function nameOf(holder) {
    const [mark = '', host = ''] = holder.split(' ');
    return `process ${mark.split('-')[0] ?? ''} on ${host}`;
}
/** `unseen` also for what another version of ours has written. */
function stateOf(holder) {
    const mark = (0,owner_mark/* parseMark */.lw)(holder.split(' ')[0] ?? '');
    const state = mark === undefined ? 'elsewhere' : (0,owner_mark/* ownerState */.N_)(mark);
    return state === 'elsewhere' ? 'unseen' : state;
}
/** How long a lock has been as it is, by our own steady clock: its time is another machine's, and either may be set meanwhile. */
class Silence {
    seen = '';
    sinceMs = 0;
    async lastsMs(path, holder) {
        const touched = await (0,promises_.stat)(path).then(({ mtimeMs }) => mtimeMs, () => undefined);
        const now = `${holder} ${touched}`;
        if (now !== this.seen)
            this.sinceMs = performance.now();
        this.seen = now;
        return performance.now() - this.sinceMs;
    }
}
async function take(path, own) {
    const draft = `${path}.${own.split(' ')[2] ?? ''}`;
    try {
        await (0,promises_.writeFile)(draft, own);
        // Unlike an exclusive open, a link shows the file with its content at once.
        await (0,promises_.link)(draft, path);
        return true;
    }
    catch (error) {
        if ((0,error_code/* hasCode */.up)(error, 'EEXIST'))
            return false;
        throw error;
    }
    finally {
        await (0,promises_.rm)(draft, { force: true });
    }
}
/** Synchronous, for use while we are ending. */
function removeOwn(path, own) {
    try {
        if ((0,external_node_fs_.readFileSync)(path, 'utf8') === own)
            (0,external_node_fs_.rmSync)(path);
    }
    catch {
        // It is not there any more.
    }
}
/** Removes the lock of `holder`, and puts it back when it has become somebody else's meanwhile. */
async function remove(path, holder) {
    const aside = `${path}.${(0,external_node_crypto_.randomBytes)(8).toString('hex')}`;
    try {
        await (0,promises_.rename)(path, aside);
        if ((await (0,promises_.readFile)(aside, 'utf8')) !== holder)
            await (0,promises_.link)(aside, path);
    }
    catch {
        // Somebody else has removed it, or taken it: either way it is not there any more.
    }
    await (0,promises_.rm)(aside, { force: true });
}

// EXTERNAL MODULE: ./lib/src/platform/files/own-folder.js
var own_folder = __webpack_require__(1765);
// EXTERNAL MODULE: ./lib/src/platform/log.js
var platform_log = __webpack_require__(150);
// EXTERNAL MODULE: ./lib/src/platform/system.js
var platform_system = __webpack_require__(1999);
// EXTERNAL MODULE: ./lib/src/platform/problem.js
var problem = __webpack_require__(4047);
// EXTERNAL MODULE: ./lib/src/platform/process/guarded-environment.js
var guarded_environment = __webpack_require__(5238);
// EXTERNAL MODULE: ./lib/src/platform/process/process.js
var process = __webpack_require__(7311);
// EXTERNAL MODULE: ./lib/src/platform/process/programs.js
var programs = __webpack_require__(7693);
;// CONCATENATED MODULE: ./lib/src/platform/packages/deb-archive.js






/** Debian's and Ubuntu's own words for architectures. */
const debianArchitectures = { x86_64: 'amd64', aarch64: 'arm64' };
/**
 * Opens the distribution's archive of packages for an architecture with a state of its own: needs no root, and the
 * system's apt, its packages and its architectures stay as they are. The system's sources, mirrors, proxies and keys
 * are used.
 *
 * @param folder an empty one, for lists and downloads.
 * @throws Problem where there is no apt.
 */
async function openDebArchive({ host, processes }, architecture, folder) {
    const missing = ['apt-get', 'dpkg-deb'].find((name) => (0,programs/* findProgram */.K)(name, host.environment['PATH']) === undefined);
    if (missing !== undefined) {
        throw new problem/* Problem */.A(`there is no ${missing} here to get packages for ${architecture} with`, {
            accepted: 'Debian and Ubuntu, and what is made of them',
        });
    }
    const word = debianArchitectures[architecture];
    const configuration = (0,external_node_path_.join)(folder, 'apt.conf');
    const foreign = architecture === host.architecture ? undefined : foreignSources(await (0,promises_.readFile)('/etc/os-release', 'utf8'), word);
    for (const name of ['state/lists/partial', 'cache/archives/partial', 'debs']) {
        await (0,promises_.mkdir)((0,external_node_path_.join)(folder, name), { recursive: true });
    }
    await (0,promises_.writeFile)((0,external_node_path_.join)(folder, 'status'), '');
    await (0,promises_.writeFile)((0,external_node_path_.join)(folder, 'sources.list'), foreign ?? '');
    await (0,promises_.writeFile)(configuration, aptConfiguration(folder, word, foreign !== undefined));
    const env = { ...(0,guarded_environment/* environmentForOthers */.y)(host.environment), LC_ALL: 'C' };
    const run = (program, ...args) => processes.run([program, '-q', '-c', configuration, ...args], { env, cwd: (0,external_node_path_.join)(folder, 'debs') });
    // A source of somebody else's that fails must not stop us: what counts is that the packages can be had.
    const updated = await run('apt-get', 'update');
    return {
        async dependencies(name) {
            const { stdout } = await run('apt-cache', 'show', '--no-all-versions', name);
            return dependenciesIn(stdout);
        },
        async unpack(names, target) {
            const failed = (outcome, what) => new problem/* Problem */.A(`${what} for ${word} could not be had`, {
                evidence: (0,process/* lastLines */.w$)(`${updated.stderr}\n${outcome.stderr}`, 10),
                do: foreign === undefined
                    ? `see that apt on this machine (/etc/apt) has sources with packages for ${word}, and reaches them`
                    : `see that apt on this machine reaches ${ubuntuServers[word]}`,
            });
            const debs = (0,external_node_path_.join)(folder, 'debs');
            const before = new Set(await (0,promises_.readdir)(debs));
            const downloaded = await run('apt-get', 'download', ...names);
            if (downloaded.exitCode !== 0)
                throw failed(downloaded, names.join(' '));
            await (0,promises_.mkdir)(target, { recursive: true });
            for (const file of (await (0,promises_.readdir)(debs)).filter((name) => !before.has(name))) {
                const unpacked = await processes.run(['dpkg-deb', '--extract', (0,external_node_path_.join)(debs, file), target], { env });
                if (unpacked.exitCode !== 0)
                    throw failed(unpacked, file);
            }
        },
    };
}
/** The packages in the field Depends of what `apt-cache show` prints, without versions; of alternatives the first. */
function dependenciesIn(record) {
    const field = /^Depends: (.*)$/m.exec(record)?.[1] ?? '';
    return field.split(',').flatMap((part) => /^\s*([a-z\d][a-z\d+.-]*)/.exec(part)?.[1] ?? []);
}
/**
 * An apt.conf(5) that is read after the system's: a state in `folder`, and nothing of what the system has apt do around
 * an update (hooks, lists for other programs).
 */
function aptConfiguration(folder, word, ownSources) {
    const setting = (name, value) => `${name} "${value}";\n`;
    const packages = 'Acquire::IndexTargets::deb::Packages';
    return [
        ...['APT::Architectures', 'APT::Update', 'Acquire::IndexTargets'].map((name) => `#clear ${name};\n`),
        setting('APT::Architecture', word),
        setting('APT::Architectures::', word),
        setting('Dir::State', (0,external_node_path_.join)(folder, 'state')),
        setting('Dir::State::status', (0,external_node_path_.join)(folder, 'status')),
        setting('Dir::Cache', (0,external_node_path_.join)(folder, 'cache')),
        ...(ownSources
            ? [setting('Dir::Etc::sourcelist', (0,external_node_path_.join)(folder, 'sources.list')), setting('Dir::Etc::sourceparts', '/dev/null')]
            : []),
        // Root's apt would download as a user that may not write to our folder.
        setting('APT::Sandbox::User', 'root'),
        setting('Acquire::Languages', 'none'),
        setting('Acquire::Retries', '3'),
        setting(`${packages}::MetaKey`, '$(COMPONENT)/binary-$(ARCHITECTURE)/Packages'),
        setting(`${packages}::flatMetaKey`, 'Packages'),
        setting(`${packages}::ShortDescription`, 'Packages'),
        setting(`${packages}::Description`, '$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages'),
    ].join('');
}
/** Where Ubuntu keeps the packages of each architecture; Debian keeps all in one place: https://wiki.ubuntu.com/Ports */
const ubuntuServers = { amd64: 'http://archive.ubuntu.com/ubuntu', arm64: 'http://ports.ubuntu.com/ubuntu-ports' };
/**
 * Sources for an architecture that is not the machine's, in the form of sources.list(5).
 *
 * @param osRelease text in the form of os-release(5).
 * @returns undefined where the machine's own sources have that architecture too.
 */
function foreignSources(osRelease, word) {
    if (!/^ID=ubuntu$/m.test(osRelease))
        return undefined;
    const codename = /^VERSION_CODENAME=["']?([a-z]+)/m.exec(osRelease)?.[1] ?? '';
    const suites = ['', '-updates', '-security'].map((suffix) => `${codename}${suffix}`);
    const options = '[signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg]';
    return suites.map((suite) => `deb ${options} ${ubuntuServers[word]} ${suite} main universe\n`).join('');
}

// EXTERNAL MODULE: ./lib/src/boot/carrier/cpio.js
var cpio = __webpack_require__(7261);
// EXTERNAL MODULE: ./lib/src/boot/carrier/init.js
var init = __webpack_require__(3124);
// EXTERNAL MODULE: ./lib/src/image/bytes.js
var image_bytes = __webpack_require__(4683);
// EXTERNAL MODULE: ./lib/src/image/elf.js
var elf = __webpack_require__(5673);
;// CONCATENATED MODULE: ./lib/src/boot/carrier/modules.js


/** What modules are loaded for; a boot loads only what it needs. */
const purposes = ['console', 'kvm', 'net', 'block'];
/** arm64's KVM is always built in. TCG emulates AMD's extension for virtual machines, and not Intel's. */
const wantedModules = {
    x86_64: {
        console: ['virtio_pci', 'virtio_console'],
        kvm: ['kvm_amd'],
        net: ['virtio_net', 'tun', 'bridge'],
        block: ['virtio_blk'],
    },
    aarch64: {
        console: ['virtio_pci', 'virtio_console'],
        kvm: [],
        net: ['virtio_net', 'tun', 'bridge'],
        block: ['virtio_blk'],
    },
};
/** The name by which modules know each other: a file's name may have dashes, and says how it is compressed. */
function moduleName(file) {
    return file.replace(/^.*\//, '').replace(/\.ko(\.\w+)?$/, '').replaceAll('-', '_');
}
/**
 * The modules that a module says it depends on: the field `depends` of its section .modinfo, as `modinfo` shows it.
 *
 * @param content decompressed.
 * @throws MalformedFile
 */
function dependenciesOf(content) {
    const bytes = new image_bytes/* Bytes */.I(content);
    const section = (0,elf/* readElf */.oU)(bytes).sections.find(({ name }) => name === '.modinfo');
    if (section === undefined)
        throw bytes.malformed('it has no section .modinfo', 0);
    const part = Buffer.from(content.buffer, content.byteOffset + section.offset, section.size);
    const field = part.toString('latin1').split('\0').find((text) => text.startsWith('depends='));
    return (field ?? '').slice('depends='.length).split(',').filter((name) => name !== '').map((name) => name.replaceAll('-', '_'));
}
/**
 * The order in which modules are loaded, each after what it depends on.
 *
 * @param dependencies of each module that is a file; what is not in it is built in, and not loaded.
 */
function loadOrder(wanted, dependencies) {
    const order = new Set();
    const visit = (name, path) => {
        const needed = dependencies.get(name);
        if (needed === undefined || path.includes(name))
            return;
        for (const other of needed)
            visit(other, [...path, name]);
        order.add(name);
    };
    for (const name of wanted)
        visit(name, []);
    return [...order];
}

;// CONCATENATED MODULE: ./lib/src/boot/carrier/packages.js


/** The distribution's package of the shell and its tools, in one static program. */
const busyboxPackage = 'busybox-static';
/**
 * The package that depends on the newest kernel. The flavours for virtual machines have KVM and all that we need of
 * virtio, and unpack themselves under emulation in half the time of the general ones.
 *
 * @param system ID and version as of os-release(5): `debian 12`.
 * @throws Problem for a distribution whose packages we do not know.
 */
function kernelPackage(system, architecture) {
    const [id] = system.split(' ');
    if (id === 'debian')
        return `linux-image-cloud-${debianArchitectures[architecture]}`;
    if (id === 'ubuntu')
        return 'linux-image-virtual';
    throw new problem/* Problem */.A(`the Linux guest that runs Solo5's tender cannot be made on ${system}`, {
        because: 'it is made of the distribution’s own packages',
        accepted: 'Debian and Ubuntu',
        do: 'boot it on one of these, or on a machine whose KVM works',
    });
}
/** Packages of a kernel at an exact version, among the dependencies of another: the meta package's, or the image's. */
function kernelParts(dependencies) {
    return dependencies.filter((name) => /^linux-(image|modules)-(unsigned-)?\d/.test(name));
}
/** Ubuntu's package with the rarer modules of a kernel; none for a distribution that does not divide them. */
function extraModules(parts) {
    return parts.filter((name) => /^linux-modules-\d/.test(name)).map((name) => name.replace('modules', 'modules-extra'));
}
/**
 * The tools in a busybox of any architecture: it carries their names as a sorted list, each ended by a NUL
 * (`applet_names` of its include/applet_tables.h).
 */
function appletsIn(busybox) {
    const lists = busybox.toString('latin1').match(/(?:[a-z\d[_.-]{1,24}\0){100,}/g) ?? [];
    return lists.flatMap((list) => list.split('\0'));
}

// EXTERNAL MODULE: ./lib/src/platform/packages/apt.js
var apt = __webpack_require__(4187);
;// CONCATENATED MODULE: ./lib/src/boot/carrier/unpack.js




/** How distributions compress modules and kernels. */
const compressions = [
    { suffix: '.gz', command: ['gzip', '--decompress'], debianPackage: 'gzip' },
    { suffix: '.xz', command: ['xz', '--decompress'], debianPackage: 'xz-utils' },
    { suffix: '.zst', command: ['zstd', '--decompress', '--rm', '--quiet'], debianPackage: 'zstd' },
];
/** The content of a file of the distribution's, decompressed in its place if its name says that it is compressed. */
async function readUnpacked(context, path, options) {
    const compression = compressions.find(({ suffix }) => path.endsWith(suffix));
    if (compression === undefined)
        return (0,promises_.readFile)(path);
    await (0,apt/* ensureSystemPackages */.R7)(context, [compression.debianPackage], options);
    (0,process/* succeed */.Py)(await context.processes.run([...compression.command, path]), `decompressing ${path}`);
    return (0,promises_.readFile)(path.slice(0, -compression.suffix.length));
}
/**
 * A kernel as QEMU of any age loads it. Kernels for arm64 have no decompressor of their own: distributions compress them as a
 * whole, or put them into a small EFI program.
 *
 * @param path of the file; what is in it is written beside it.
 */
async function readKernel(context, path, options) {
    const kernel = await (0,promises_.readFile)(path);
    const packed = payloadOf(kernel);
    if (packed === undefined)
        return kernel;
    const name = `${path}.unpacked${packed.suffix}`;
    await (0,promises_.writeFile)(name, packed.content);
    return readUnpacked(context, name, options);
}
/**
 * The compressed kernel in a file: all of it, or what an EFI zboot image carries
 * (https://github.com/torvalds/linux/blob/master/drivers/firmware/efi/libstub/zboot-header.S).
 *
 * @returns undefined for a kernel that is not compressed, or that decompresses itself.
 */
function payloadOf(kernel) {
    if (kernel.readUInt16BE(0) === 0x1f8b)
        return { suffix: '.gz', content: kernel };
    if (kernel.toString('latin1', 0, 8) !== 'MZ\0\0zimg')
        return undefined;
    const word = kernel.toString('latin1', 24, 32).split('\0')[0] ?? '';
    const suffix = { gzip: '.gz', xzkern: '.xz', zstd22: '.zst', zstd: '.zst' }[word];
    if (suffix === undefined)
        throw new problem/* Problem */.A(`the kernel is compressed by ${word}, which we cannot undo`);
    const start = kernel.readUInt32LE(8);
    return { suffix, content: kernel.subarray(start, start + kernel.readUInt32LE(12)) };
}

;// CONCATENATED MODULE: ./lib/src/boot/carrier/make.js










/**
 * Makes the files of a carrier of the distribution's own packages.
 *
 * @param meta the package that depends on the newest kernel.
 * @throws Problem when a package is not to be had, or lacks what a carrier needs.
 */
async function makeCarrier(context, architecture, meta, site) {
    const { work, draft, place, options } = site;
    const apt = (0,external_node_path_.join)(work, 'apt');
    const root = (0,external_node_path_.join)(work, 'root');
    await (0,promises_.mkdir)(apt);
    const archive = await openDebArchive(context, architecture, apt);
    const parts = await allKernelParts(archive, meta);
    if (parts.length === 0)
        await archive.unpack([meta], root);
    await archive.unpack([...parts, busyboxPackage], root);
    const modules = await modulesIn(context, architecture, root, options, () => archive.unpack(extraModules(parts), root));
    const busybox = await (0,promises_.readFile)(findIn(root, ['bin/busybox', 'usr/bin/busybox']));
    const tools = appletsIn(busybox);
    const lacking = init/* applets */.A8.filter((name) => !tools.includes(name));
    if (lacking.length > 0)
        throw new problem/* Problem */.A(`the distribution's ${busyboxPackage} has no ${lacking.join(', ')}`);
    const boot = (0,external_node_path_.join)(root, 'boot');
    const kernel = (await (0,promises_.readdir)(boot)).find((name) => name.startsWith('vmlinuz-'));
    if (kernel === undefined)
        throw new problem/* Problem */.A(`${parts.join(' ')} has no kernel in /boot`);
    await (0,promises_.writeFile)((0,external_node_path_.join)(draft, (0,external_node_path_.basename)(place.kernel)), await readKernel(context, (0,external_node_path_.join)(boot, kernel), options));
    const entries = [
        ...['bin', 'dev', 'proc', 'sys', 'modules'].map((path) => ({ kind: 'folder', path })),
        { kind: 'file', path: 'init', content: Buffer.from(init/* initScript */.g5), executable: true },
        { kind: 'file', path: 'bin/busybox', content: busybox, executable: true },
        ...init/* applets */.A8.map((name) => ({ kind: 'link', path: `bin/${name}`, target: 'busybox' })),
        ...modules,
    ];
    await (0,promises_.writeFile)((0,external_node_path_.join)(draft, (0,external_node_path_.basename)(place.initramfs)), (0,cpio/* cpioArchive */.i)(entries));
}
/** The packages of the kernel that a meta package stands for: its image, and its modules where they are in another. */
async function allKernelParts(archive, meta) {
    const found = kernelParts(await archive.dependencies(meta));
    for (const name of found) {
        found.push(...kernelParts(await archive.dependencies(name)).filter((other) => !found.includes(other)));
    }
    return found;
}
/** The modules that a boot may want, with all that they depend on, and for each purpose the list in load order. */
async function modulesIn(context, architecture, root, options, unpackMore) {
    const wanted = wantedModules[architecture];
    const all = Object.values(wanted).flat();
    let kernel = await kernelModules(root);
    const isMissing = (name) => !kernel.files.has(name) && !kernel.builtIn.has(name);
    if (all.some(isMissing)) {
        await unpackMore();
        kernel = await kernelModules(root);
    }
    const missing = all.filter(isMissing);
    if (missing.length > 0)
        throw new problem/* Problem */.A(`the distribution's kernel for ${architecture} has no ${missing.join(', ')}`);
    const contents = new Map();
    const dependencies = new Map();
    const read = async (name) => {
        const file = kernel.files.get(name);
        if (file === undefined || contents.has(name))
            return;
        const content = await readUnpacked(context, file, options);
        contents.set(name, content);
        dependencies.set(name, dependenciesOf(content));
        for (const other of dependencies.get(name) ?? [])
            await read(other);
    };
    for (const name of all)
        await read(name);
    return [
        ...[...contents].map(([name, content]) => ({ kind: 'file', path: `modules/${name}.ko`, content })),
        ...purposes.map((purpose) => {
            const order = loadOrder(wanted[purpose], dependencies);
            return { kind: 'file', path: `modules/${purpose}`, content: Buffer.from(order.map((name) => `${name}\n`).join('')) };
        }),
    ];
}
/** A kernel's modules by name: the file of each, and those that are part of the kernel itself. */
async function kernelModules(root) {
    const versions = findIn(root, ['lib/modules', 'usr/lib/modules']);
    const [version = ''] = await (0,promises_.readdir)(versions);
    const folder = (0,external_node_path_.join)(versions, version);
    const names = await (0,promises_.readdir)(folder, { recursive: true });
    const files = names.filter((name) => /\.ko(\.\w+)?$/.test(name));
    const builtIn = (await (0,promises_.readFile)((0,external_node_path_.join)(folder, 'modules.builtin'), 'utf8')).split('\n');
    return {
        files: new Map(files.map((name) => [moduleName(name), (0,external_node_path_.join)(folder, name)])),
        builtIn: new Set(builtIn.map(moduleName)),
    };
}
function findIn(root, paths) {
    const found = paths.map((path) => (0,external_node_path_.join)(root, path)).find((path) => (0,external_node_fs_.existsSync)(path));
    if (found === undefined)
        throw new problem/* Problem */.A(`the distribution's packages have no ${paths.join(' or ')}`);
    return found;
}

// EXTERNAL MODULE: ./lib/src/boot/carrier/place.js
var carrier_place = __webpack_require__(5519);
// EXTERNAL MODULE: ./lib/src/boot/carrier/published.js + 6 modules
var published = __webpack_require__(4058);
;// CONCATENATED MODULE: ./lib/src/boot/carrier/ensure.js











/**
 * The carrier for an architecture: found in the tool cache, among the published ones or in the other cache, or made of
 * the distribution's own packages. What is in its place is complete.
 *
 * @throws Problem when the packages are not to be had, or a published one is not what was published.
 */
async function ensureCarrier(context, architecture, options) {
    const { host, log } = context;
    const system = await (0,platform_system/* readHostSystem */.EA)();
    const place = (0,carrier_place/* carrierPlace */.i)(host.folders.toolCache, system, architecture);
    const isThere = () => (0,external_node_fs_.existsSync)(place.folder) && !(0,external_node_fs_.existsSync)(incompleteMark(place));
    if (isThere())
        return place;
    const meta = kernelPackage(system, architecture);
    const onWait = (holder) => log.line(`  waiting for ${holder}, which is making the same Linux guest`);
    const obtain = async () => {
        if (options.published !== undefined && (await (0,published/* fetchCarrier */.b)(context, place, options.published)))
            return 'fetched';
        if (await restore(place, options.cache))
            return 'restored';
        await (0,own_folder/* withOwnFolder */.F)(context.host.folders.temporary, 'boot', (work) => (0,atomic/* replaceFolder */.xn)(place.folder, (draft) => makeCarrier(context, architecture, meta, { work, draft, place, options })));
        return `made of ${meta}`;
    };
    return withLock(`${place.folder}.lock`, onWait, async () => {
        if (isThere())
            return place;
        const start = performance.now();
        const how = await obtain();
        // Of a restore that was killed; what is there now is whole.
        await (0,promises_.rm)(incompleteMark(place), { force: true });
        const total = (await (0,promises_.stat)(place.kernel)).size + (await (0,promises_.stat)(place.initramfs)).size;
        const took = (0,platform_log/* seconds */.YA)(performance.now() - start);
        log.fact('Linux guest', `${how} for ${architecture} in ${took}, ${(0,platform_log/* size */.Ej)(total)} (${place.folder})`);
        if (how.startsWith('made'))
            await options.cache?.save(place.key, [place.folder]);
        return place;
    });
}
/** A cache unpacks file by file: what it leaves when it is cut off halfway must not be used. */
const incompleteMark = ({ folder }) => `${folder}.incomplete`;
async function restore(place, cache) {
    if (cache === undefined)
        return false;
    await (0,promises_.writeFile)(incompleteMark(place), '');
    const hit = await cache.restore(place.key, [place.folder]);
    const isWhole = hit && (0,external_node_fs_.existsSync)(place.kernel) && (0,external_node_fs_.existsSync)(place.initramfs);
    if (!isWhole)
        await (0,promises_.rm)(place.folder, { recursive: true, force: true });
    await (0,promises_.rm)(incompleteMark(place));
    return isWhole;
}


/***/ }),

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
