export const id = 522;
export const ids = [522];
export const modules = {

/***/ 2522:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  ensureHelperVm: () => (/* binding */ ensureHelperVm)
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
// EXTERNAL MODULE: ./lib/src/platform/problem.js
var problem = __webpack_require__(4047);
// EXTERNAL MODULE: ./lib/src/platform/process/leftovers.js
var leftovers = __webpack_require__(2554);
// EXTERNAL MODULE: ./lib/src/platform/process/owner-mark.js
var owner_mark = __webpack_require__(3483);
;// CONCATENATED MODULE: ./lib/src/platform/files/lock.js









const heartbeatMs = 5_000;
/** A holder on another machine or in a container counts as dead when it has not touched its lock for this long. */
const silentMs = 60_000;
const pollMs = 500;
/**
 * Runs `body` while no other process, on this machine or another one that shares the folder, holds the lock `path`.
 * Takes over the lock of a dead holder; releases it when this process is terminated. Never compares two clocks, nor the
 * wall clock with itself, because it can be set meanwhile.
 *
 * @param onWait called once, when another process holds the lock.
 */
async function withLock(path, onWait, body) {
    await (0,promises_.mkdir)((0,external_node_path_.dirname)(path), { recursive: true });
    const own = newHolder();
    const watch = new Silence();
    let isWaiting = false;
    while (!(await take(path, own))) {
        const holder = await (0,promises_.readFile)(path, "utf8").catch(() => undefined);
        if (holder === undefined)
            continue;
        const state = stateOf(holder);
        if (state === "gone" ||
            (state === "unseen" && /* promise: only-silent-locks-are-taken */ (await watch.lastsMs(path, holder)) > silentMs)) {
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
/**
 * Runs `body` with the lock `path` of a process that is certainly dead. Does nothing without such a lock, or when
 * another process takes it first.
 */
async function withAbandonedLock(path, body) {
    const holder = await readFile(path, "utf8").catch(() => undefined);
    if (holder === undefined || stateOf(holder) !== "gone")
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
/** The content of a lock: the mark of its holder, the machine's name for a person, and a random part. */
const newHolder = () => `${(0,owner_mark/* markText */.PQ)((0,owner_mark/* ownMark */.a1)())} ${(0,external_node_os_.hostname)()} ${(0,external_node_crypto_.randomBytes)(8).toString("hex")}`;
function nameOf(holder) {
    const [mark = "", host = ""] = holder.split(" ");
    return `process ${mark.split("-")[0] ?? ""} on ${host}`;
}
/** `unseen` also for a lock in the format of another version of this program. */
function stateOf(holder) {
    const mark = (0,owner_mark/* parseMark */.lw)(holder.split(" ")[0] ?? "");
    const state = mark === undefined ? "elsewhere" : (0,owner_mark/* ownerState */.N_)(mark);
    return state === "elsewhere" ? "unseen" : state;
}
/**
 * How long a lock has not changed, by our own monotonic clock: the time of its file is another machine's, and either
 * wall clock can be set meanwhile.
 */
class Silence {
    seen = "";
    sinceMs = 0;
    async lastsMs(path, holder) {
        const touched = await (0,promises_.stat)(path).then(({ mtimeMs }) => mtimeMs, () => undefined);
        const found = `${holder} ${touched}`;
        const nowMs = /* promise: lock-clock-is-our-own */ performance.now();
        if (found !== this.seen)
            this.sinceMs = nowMs;
        this.seen = found;
        return nowMs - this.sinceMs;
    }
}
async function take(path, own) {
    const draft = `${path}.${own.split(" ")[2] ?? ""}`;
    try {
        await (0,promises_.writeFile)(draft, own);
        // Unlike an exclusive open, a link shows the file and its content at the same moment.
        await (0,promises_.link)(draft, path);
        return true;
    }
    catch (error) {
        if ((0,problem/* hasCode */.up)(error, "EEXIST"))
            return false;
        throw error;
    }
    finally {
        await (0,promises_.rm)(draft, { force: true });
    }
}
/** Synchronous, for use while this process ends. */
function removeOwn(path, own) {
    try {
        if ((0,external_node_fs_.readFileSync)(path, "utf8") === own)
            (0,external_node_fs_.rmSync)(path);
    }
    catch {
        // It is already gone.
    }
}
/** Removes the lock of `holder`, and puts it back if another process has taken it meanwhile. */
async function remove(path, holder) {
    const aside = `${path}.${(0,external_node_crypto_.randomBytes)(8).toString("hex")}`;
    try {
        await (0,promises_.rename)(path, aside);
        if ((await (0,promises_.readFile)(aside, "utf8")) !== holder)
            await (0,promises_.link)(aside, path);
    }
    catch {
        // Another process has removed it or taken it.
    }
    await (0,promises_.rm)(aside, { force: true });
}

// EXTERNAL MODULE: ./lib/src/platform/files/own-folder.js
var own_folder = __webpack_require__(1765);
// EXTERNAL MODULE: ./lib/src/platform/log.js
var platform_log = __webpack_require__(150);
// EXTERNAL MODULE: ./lib/src/platform/system.js
var platform_system = __webpack_require__(1999);
// EXTERNAL MODULE: ./lib/src/platform/process/guarded-environment.js
var guarded_environment = __webpack_require__(5238);
// EXTERNAL MODULE: ./lib/src/platform/process/process.js
var process = __webpack_require__(7311);
// EXTERNAL MODULE: ./lib/src/platform/process/programs.js
var programs = __webpack_require__(7693);
;// CONCATENATED MODULE: ./lib/src/platform/packages/deb-archive.js






/** The names of architectures in Debian and Ubuntu. */
const debianArchitectures = {
    x86_64: "amd64",
    aarch64: "arm64",
};
/**
 * Opens the distribution's archive for an architecture. Needs no root and leaves the system's apt, packages and
 * architectures alone: it keeps its state in `folder`. Uses the system's sources, mirrors, proxies and keys.
 *
 * @param folder an empty folder for lists and downloads.
 * @throws Problem without apt.
 */
async function openDebArchive({ host, processes }, architecture, folder) {
    const missing = ["apt-get", "dpkg-deb"].find((name) => (0,programs/* findProgram */.K)(name, host.environment["PATH"]) === undefined);
    if (missing !== undefined) {
        throw new problem/* Problem */.AF(`packages for ${architecture} need ${missing}, which is not installed`, {
            accepted: "Debian, Ubuntu and distributions based on them",
        });
    }
    const word = debianArchitectures[architecture];
    const configuration = (0,external_node_path_.join)(folder, "apt.conf");
    const foreign = architecture === host.architecture ? undefined : foreignSources(await (0,promises_.readFile)("/etc/os-release", "utf8"), word);
    for (const name of ["state/lists/partial", "cache/archives/partial", "debs"]) {
        await (0,promises_.mkdir)((0,external_node_path_.join)(folder, name), { recursive: true });
    }
    await (0,promises_.writeFile)((0,external_node_path_.join)(folder, "status"), "");
    await (0,promises_.writeFile)((0,external_node_path_.join)(folder, "sources.list"), foreign ?? "");
    await (0,promises_.writeFile)(configuration, aptConfiguration(folder, word, foreign !== undefined));
    const env = { ...(0,guarded_environment/* environmentForOthers */.y)(host.environment), LC_ALL: "C" };
    const run = (program, ...args) => processes.run([program, "-q", "-c", configuration, ...args], { env, cwd: (0,external_node_path_.join)(folder, "debs") });
    // A failing third-party source must not stop us: what counts is whether the packages can be downloaded.
    const updated = await run("apt-get", "update");
    return {
        async dependencies(name) {
            const { stdout } = await run("apt-cache", "show", "--no-all-versions", name);
            return dependenciesIn(stdout);
        },
        async unpack(names, target) {
            const failed = (outcome, what) => new problem/* Problem */.AF(`${what} for ${word} could not be downloaded`, {
                evidence: (0,process/* lastLines */.w$)(`${updated.stderr}\n${outcome.stderr}`, 10),
                do: foreign === undefined
                    ? `check that apt on this machine (/etc/apt) has sources with packages for ${word}, and can reach them`
                    : `check that apt on this machine can reach ${ubuntuServers[word]}`,
            });
            const debs = (0,external_node_path_.join)(folder, "debs");
            const before = new Set(await (0,promises_.readdir)(debs));
            const downloaded = await run("apt-get", "download", ...names);
            if (downloaded.exitCode !== 0)
                throw failed(downloaded, names.join(" "));
            await (0,promises_.mkdir)(target, { recursive: true });
            for (const file of (await (0,promises_.readdir)(debs)).filter((name) => !before.has(name))) {
                const unpacked = await processes.run(["dpkg-deb", "--extract", (0,external_node_path_.join)(debs, file), target], { env });
                if (unpacked.exitCode !== 0)
                    throw failed(unpacked, file);
            }
        },
    };
}
/** The packages in the field Depends of an `apt-cache show` record, without versions; the first of alternatives. */
function dependenciesIn(record) {
    const field = /^Depends: (.*)$/m.exec(record)?.[1] ?? "";
    return field.split(",").flatMap((part) => /^\s*([a-z\d][a-z\d+.-]*)/.exec(part)?.[1] ?? []);
}
/**
 * An apt.conf(5) to read after the system's. It keeps the state in `folder`, and turns off what the system adds to an
 * update: hooks and lists for other programs.
 */
function aptConfiguration(folder, word, ownSources) {
    const setting = (name, value) => `${name} "${value}";\n`;
    const packages = "Acquire::IndexTargets::deb::Packages";
    return [
        ...["APT::Architectures", "APT::Update", "Acquire::IndexTargets"].map((name) => `#clear ${name};\n`),
        setting("APT::Architecture", word),
        setting("APT::Architectures::", word),
        setting("Dir::State", (0,external_node_path_.join)(folder, "state")),
        setting("Dir::State::status", (0,external_node_path_.join)(folder, "status")),
        setting("Dir::Cache", (0,external_node_path_.join)(folder, "cache")),
        ...(ownSources
            ? [setting("Dir::Etc::sourcelist", (0,external_node_path_.join)(folder, "sources.list")), setting("Dir::Etc::sourceparts", "/dev/null")]
            : []),
        // apt run by root would download as a user who cannot write to our folder.
        setting("APT::Sandbox::User", "root"),
        setting("Acquire::Languages", "none"),
        setting("Acquire::Retries", "3"),
        setting(`${packages}::MetaKey`, "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages"),
        setting(`${packages}::flatMetaKey`, "Packages"),
        setting(`${packages}::ShortDescription`, "Packages"),
        setting(`${packages}::Description`, "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages"),
    ].join("");
}
/** Ubuntu's server for each architecture (https://wiki.ubuntu.com/Ports); Debian's servers have all. */
const ubuntuServers = {
    amd64: "http://archive.ubuntu.com/ubuntu",
    arm64: "http://ports.ubuntu.com/ubuntu-ports",
};
/**
 * Sources for an architecture other than the machine's, in the form of sources.list(5).
 *
 * @param osRelease text in the form of os-release(5).
 * @returns undefined if the machine's own sources have that architecture, too.
 */
function foreignSources(osRelease, word) {
    if (!/^ID=ubuntu$/m.test(osRelease))
        return undefined;
    const codename = /^VERSION_CODENAME=["']?([a-z]+)/m.exec(osRelease)?.[1] ?? "";
    const suites = ["", "-updates", "-security"].map((suffix) => `${codename}${suffix}`);
    const options = /* promise: ubuntu-server-has-its-key */ "[signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg]";
    return suites.map((suite) => `deb ${options} ${ubuntuServers[word]} ${suite} main universe\n`).join("");
}

// EXTERNAL MODULE: ./lib/src/boot/helper-vm/cpio.js
var cpio = __webpack_require__(8767);
// EXTERNAL MODULE: ./lib/src/boot/helper-vm/init.js
var init = __webpack_require__(7610);
// EXTERNAL MODULE: ./lib/src/platform/packages/apt.js
var apt = __webpack_require__(4187);
;// CONCATENATED MODULE: ./lib/src/boot/helper-vm/unpack.js




const compressions = [
    { suffix: ".gz", command: ["gzip", "--decompress"], debianPackage: "gzip" },
    { suffix: ".xz", command: ["xz", "--decompress"], debianPackage: "xz-utils" },
    { suffix: ".zst", command: ["zstd", "--decompress", "--rm", "--quiet"], debianPackage: "zstd" },
];
/** The content of a distribution's file, decompressed in place if its name says so. */
async function readUnpacked(context, path, options) {
    const compression = compressions.find(({ suffix }) => path.endsWith(suffix));
    if (compression === undefined)
        return (0,promises_.readFile)(path);
    await (0,apt/* ensureSystemPackages */.R7)(context, [compression.debianPackage], options);
    (0,process/* succeed */.Py)(await context.processes.run([...compression.command, path]), `decompressing ${path}`);
    return (0,promises_.readFile)(path.slice(0, -compression.suffix.length));
}
/**
 * A kernel that every QEMU can load. Kernels for arm64 cannot decompress themselves: distributions compress them as a
 * whole, or wrap them in a small EFI program.
 *
 * @param path of the file; the decompressed kernel is written next to it.
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
 * The compressed kernel in a file: all of it, or the payload of an EFI zboot image
 * (https://github.com/torvalds/linux/blob/master/drivers/firmware/efi/libstub/zboot-header.S).
 *
 * @returns undefined for a kernel that is not compressed, or that decompresses itself.
 */
function payloadOf(kernel) {
    if (kernel.readUInt16BE(0) === 0x1f8b)
        return { suffix: ".gz", content: kernel };
    if (kernel.toString("latin1", 0, 8) !== "MZ\0\0zimg")
        return undefined;
    const word = kernel.toString("latin1", 24, 32).split("\0")[0] ?? "";
    const suffix = { gzip: ".gz", xzkern: ".xz", zstd22: ".zst", zstd: ".zst" }[word];
    if (suffix === undefined)
        throw new problem/* Problem */.AF(`the kernel is compressed with ${word}, which is not supported`);
    const start = kernel.readUInt32LE(8);
    return { suffix, content: kernel.subarray(start, start + kernel.readUInt32LE(12)) };
}

;// CONCATENATED MODULE: ./lib/src/boot/helper-vm/make.js








const busyboxPackage = "busybox-static";
/**
 * Makes the files of a helper VM from the distribution's own packages.
 *
 * @param meta the package that depends on the newest kernel.
 * @throws Problem when a package is unavailable, or lacks what a helper VM needs.
 */
async function makeHelperVm(context, architecture, meta, site) {
    const { work, draft, place, options } = site;
    const apt = (0,external_node_path_.join)(work, "apt");
    const root = (0,external_node_path_.join)(work, "root");
    await (0,promises_.mkdir)(apt);
    const archive = await openDebArchive(context, architecture, apt);
    const parts = await allKernelParts(archive, meta);
    if (parts.length === 0)
        await archive.unpack([meta], root);
    await archive.unpack([...parts, busyboxPackage], root);
    const modules = await modulesIn(context, architecture, root, options, () => archive.unpack(extraModules(parts), root));
    const busybox = await (0,promises_.readFile)(findIn(root, ["bin/busybox", "usr/bin/busybox"]));
    const tools = appletsIn(busybox);
    const lacking = init/* applets */.A8.filter((name) => !tools.includes(name));
    if (lacking.length > 0)
        throw new problem/* Problem */.AF(`the distribution's ${busyboxPackage} has no ${lacking.join(", ")}`);
    const boot = (0,external_node_path_.join)(root, "boot");
    const kernel = (await (0,promises_.readdir)(boot)).find((name) => name.startsWith("vmlinuz-"));
    if (kernel === undefined)
        throw new problem/* Problem */.AF(`${parts.join(" ")} has no kernel in /boot`);
    await (0,promises_.writeFile)((0,external_node_path_.join)(draft, (0,external_node_path_.basename)(place.kernel)), await readKernel(context, (0,external_node_path_.join)(boot, kernel), options));
    const entries = [
        ...["bin", "dev", "proc", "sys", "modules"].map((path) => ({ kind: "folder", path })),
        { kind: "file", path: "init", content: Buffer.from(init/* initScript */.g5), executable: true },
        { kind: "file", path: "bin/busybox", content: busybox, executable: true },
        ...init/* applets */.A8.map((name) => ({ kind: "link", path: `bin/${name}`, target: "busybox" })),
        ...modules,
    ];
    await (0,promises_.writeFile)((0,external_node_path_.join)(draft, (0,external_node_path_.basename)(place.initramfs)), (0,cpio/* cpioArchive */.i)(entries));
}
/**
 * The package that depends on the newest kernel. The flavours for virtual machines have KVM and the virtio drivers, and
 * unpack under emulation in half the time of the general ones.
 *
 * @param system ID and version of os-release(5): `debian 12`.
 * @throws Problem for an unknown distribution.
 */
function kernelPackage(system, architecture) {
    const [id] = system.split(" ");
    if (id === "debian")
        return `linux-image-cloud-${debianArchitectures[architecture]}`;
    if (id === "ubuntu")
        return "linux-image-virtual";
    throw new problem/* Problem */.AF(`cannot make the helper VM for Solo5’s tender on ${system}`, {
        because: "it is made from the distribution’s own packages",
        accepted: "Debian and Ubuntu",
        do: "boot it on one of these, or on a machine where KVM works",
    });
}
/** The kernel packages behind a meta package: the image, and the modules if they are packaged apart. */
async function allKernelParts(archive, meta) {
    const found = kernelParts(await archive.dependencies(meta));
    for (const name of found) {
        found.push(...kernelParts(await archive.dependencies(name)).filter((other) => !found.includes(other)));
    }
    return found;
}
function kernelParts(dependencies) {
    return dependencies.filter((name) => /^linux-(image|modules)-(unsigned-)?\d/.test(name));
}
/** Ubuntu's package with the rarer modules of a kernel; empty for other distributions. */
function extraModules(parts) {
    return parts.filter((name) => /^linux-modules-\d/.test(name)).map((name) => name.replace("modules", "modules-extra"));
}
/** The modules that a boot may need, with their dependencies, and for each purpose the list in load order. */
async function modulesIn(context, architecture, root, options, unpackMore) {
    const wanted = init/* wantedModules */.DU[architecture];
    const all = Object.values(wanted).flat();
    let kernel = await kernelModules(root);
    const isMissing = (name) => !kernel.files.has(name) && !kernel.builtIn.has(name);
    if (all.some(isMissing)) {
        await unpackMore();
        kernel = await kernelModules(root);
    }
    const missing = all.filter(isMissing);
    if (missing.length > 0)
        throw new problem/* Problem */.AF(`the distribution's kernel for ${architecture} has no ${missing.join(", ")}`);
    const contents = new Map();
    const dependencies = new Map();
    const read = async (name) => {
        const file = kernel.files.get(name);
        if (file === undefined || contents.has(name))
            return;
        const content = await readUnpacked(context, file, options);
        contents.set(name, content);
        dependencies.set(name, (0,init/* dependenciesOf */.hk)(content));
        for (const other of dependencies.get(name) ?? [])
            await read(other);
    };
    for (const name of all)
        await read(name);
    return [
        ...[...contents].map(([name, content]) => ({ kind: "file", path: `modules/${name}.ko`, content })),
        ...init/* purposes */.mP.map((purpose) => {
            const order = (0,init/* loadOrder */.NV)(wanted[purpose], dependencies);
            return {
                kind: "file",
                path: `modules/${purpose}`,
                content: Buffer.from(order.map((name) => `${name}\n`).join("")),
            };
        }),
    ];
}
/** A kernel's modules by name: the files, and those built into the kernel. */
async function kernelModules(root) {
    const versions = findIn(root, ["lib/modules", "usr/lib/modules"]);
    const [version = ""] = await (0,promises_.readdir)(versions);
    const folder = (0,external_node_path_.join)(versions, version);
    const names = await (0,promises_.readdir)(folder, { recursive: true });
    const files = names.filter((name) => /\.ko(\.\w+)?$/.test(name));
    const builtIn = (await (0,promises_.readFile)((0,external_node_path_.join)(folder, "modules.builtin"), "utf8")).split("\n");
    return {
        files: new Map(files.map((name) => [(0,init/* moduleName */.AO)(name), (0,external_node_path_.join)(folder, name)])),
        builtIn: new Set(builtIn.map(init/* moduleName */.AO)),
    };
}
function findIn(root, paths) {
    const found = paths.map((path) => (0,external_node_path_.join)(root, path)).find((path) => (0,external_node_fs_.existsSync)(path));
    if (found === undefined)
        throw new problem/* Problem */.AF(`the distribution's packages have no ${paths.join(" or ")}`);
    return found;
}
/** By busybox's `applet_names` (include/applet_tables.h): a sorted list of NUL-terminated names. */
function appletsIn(busybox) {
    const lists = busybox.toString("latin1").match(/(?:[a-z\d[_.-]{1,24}\0){100,}/g) ?? [];
    return lists.flatMap((list) => list.split("\0"));
}

// EXTERNAL MODULE: ./lib/src/boot/helper-vm/published.js + 3 modules
var published = __webpack_require__(444);
;// CONCATENATED MODULE: ./lib/src/boot/helper-vm/ensure.js









/**
 * The helper VM for an architecture: from the tool cache, a published archive or the other cache, else made from the
 * distribution's own packages. A helper VM in its place is always complete.
 *
 * @throws Problem when a package is unavailable, or a published archive has the wrong SHA-256.
 */
async function ensureHelperVm(context, architecture, options) {
    const { host, log } = context;
    const system = await (0,platform_system/* readHostSystem */.EA)();
    const place = (0,published/* helperVmPlace */.j_)(host.folders.toolCache, system, architecture);
    const isThere = () => (0,external_node_fs_.existsSync)(place.folder) && !(0,external_node_fs_.existsSync)(incompleteMark(place));
    if (isThere())
        return place;
    const meta = kernelPackage(system, architecture);
    const onWait = (holder) => log.line(`  waiting for ${holder}, which is making the same helper VM`);
    const obtain = async () => {
        if (options.published !== undefined && (await (0,published/* fetchHelperVm */.Wf)(context, place, options.published)))
            return "fetched";
        if (await restore(place, options.cache))
            return "restored";
        await (0,own_folder/* withOwnFolder */.F)(context.host.folders.temporary, "boot", (work) => (0,atomic/* replaceFolder */.xn)(place.folder, (draft) => makeHelperVm(context, architecture, meta, { work, draft, place, options })));
        return `made from ${meta}`;
    };
    return withLock(`${place.folder}.lock`, onWait, async () => {
        if (isThere())
            return place;
        const start = performance.now();
        const how = await obtain();
        // Left by a restore that was killed; the helper VM is complete now.
        await (0,promises_.rm)(incompleteMark(place), { force: true });
        const total = (await (0,promises_.stat)(place.kernel)).size + (await (0,promises_.stat)(place.initramfs)).size;
        const took = (0,platform_log/* seconds */.YA)(performance.now() - start);
        log.fact("helper VM", `${how} for ${architecture} in ${took}, ${(0,platform_log/* size */.Ej)(total)} (${place.folder})`);
        if (how.startsWith("made"))
            await options.cache?.save(place.key, [place.folder]);
        return place;
    });
}
/** A cache unpacks file by file: a restore that was cut off must not be used. */
const incompleteMark = ({ folder }) => `${folder}.incomplete`;
async function restore(place, cache) {
    if (cache === undefined)
        return false;
    await (0,promises_.writeFile)(incompleteMark(place), "");
    const hit = await cache.restore(place.key, [place.folder]);
    const isWhole = hit && (0,external_node_fs_.existsSync)(place.kernel) && (0,external_node_fs_.existsSync)(place.initramfs);
    if (!isWhole)
        await (0,promises_.rm)(place.folder, { recursive: true, force: true });
    await (0,promises_.rm)(incompleteMark(place));
    return isWhole;
}


/***/ })

};
