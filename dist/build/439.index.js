export const id = 439;
export const ids = [439];
export const modules = {

/***/ 3439:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   actionsCache: () => (/* binding */ actionsCache)
/* harmony export */ });
/* unused harmony export isLostUpload */
/* harmony import */ var node_path__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(6760);
/* harmony import */ var _actions_cache__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(5735);
/* harmony import */ var _log_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(150);
/* harmony import */ var _problem_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(4047);




/**
 * How long to wait for the service: enough for a whole toolchain at 200 kB/s. The client itself waits for ever for a
 * server that accepts a request and does not answer.
 */
const patienceMs = 5 * 60_000;
/**
 * Whether an error is from an upload whose archive is gone: when one part of an upload fails, the client removes its
 * own archive, but still opens it for other parts, and does not handle the error of that.
 */
function isLostUpload(error) {
    if (!(0,_problem_js__WEBPACK_IMPORTED_MODULE_2__/* .isMissing */ .b2)(error))
        return false;
    const { path = "" } = error;
    return ["cache.tzst", "cache.tgz"].includes((0,node_path__WEBPACK_IMPORTED_MODULE_0__.basename)(path));
}
function outliveLostUpload(error) {
    if (!isLostUpload(error))
        throw error;
}
/** The cache of the Actions service, or of a compatible server; undefined if there is none. */
function actionsCache(log) {
    if (!(0,_actions_cache__WEBPACK_IMPORTED_MODULE_1__/* .isFeatureAvailable */ .w3)())
        return undefined;
    if (!process.listeners("uncaughtException").includes(outliveLostUpload))
        process.on("uncaughtException", outliveLostUpload);
    let isSilent = false;
    /** Asks the service, unless it was silent once: every further request would cost as much time. */
    const ask = async (failed, question) => {
        if (isSilent)
            return undefined;
        let timer;
        const silence = new Promise((resolve) => {
            timer = setTimeout(() => {
                isSilent = true;
                log.notice(`${failed}: no answer after ${(0,_log_js__WEBPACK_IMPORTED_MODULE_3__/* .seconds */ .YA)(patienceMs)}; it is not used again in this step`);
                resolve(undefined);
            }, patienceMs);
        });
        try {
            return await Promise.race([question(), silence]);
        }
        catch (error) {
            log.notice(`${failed}: ${(0,_problem_js__WEBPACK_IMPORTED_MODULE_2__/* .messageOf */ .bD)(error)}`);
            return undefined;
        }
        finally {
            clearTimeout(timer);
        }
    };
    const has = async (key, paths) => (await ask("the actions cache could not be asked", () => (0,_actions_cache__WEBPACK_IMPORTED_MODULE_1__/* .restoreCache */ .P3)([...paths], key, [], { lookupOnly: true }))) !== undefined;
    const restoreNearest = (key, prefixes, paths) => ask("the actions cache could not be read", () => (0,_actions_cache__WEBPACK_IMPORTED_MODULE_1__/* .restoreCache */ .P3)([...paths], key, [...prefixes]));
    return {
        has,
        restoreNearest,
        restore: async (key, paths) => (await restoreNearest(key, [], paths)) !== undefined,
        async save(key, paths) {
            // -1: another run was first, or this one may only read; the client has logged which. With its first protocol the
            // client returns an id even if the upload failed, so the cache is asked:
            // https://github.com/actions/toolkit/blob/main/packages/cache/src/cache.ts
            const id = await ask("the actions cache could not be written", () => (0,_actions_cache__WEBPACK_IMPORTED_MODULE_1__/* .saveCache */ .Io)([...paths], key));
            return id !== undefined && id !== -1 && (await has(key, paths));
        },
    };
}


/***/ })

};
