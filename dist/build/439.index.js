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
/* harmony import */ var _error_code_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(9958);
/* harmony import */ var _log_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(150);
/* harmony import */ var _problem_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(4047);





/**
 * How long we wait for the service, at 200 kB a second for a whole toolchain. The client itself waits for ever where a
 * server takes a question and gives no answer.
 */
const patienceMs = 5 * 60_000;
/**
 * Whether an error is that of an upload whose archive is gone: when one part of an upload fails, the client removes its own
 * archive, opens it again for the parts that it still tries, and nobody listens for what comes of that.
 */
function isLostUpload(error) {
    if (!(0,_error_code_js__WEBPACK_IMPORTED_MODULE_3__/* .isMissing */ .b2)(error))
        return false;
    const { path = '' } = error;
    return ['cache.tzst', 'cache.tgz'].includes((0,node_path__WEBPACK_IMPORTED_MODULE_0__.basename)(path));
}
function outliveLostUpload(error) {
    if (!isLostUpload(error))
        throw error;
}
/** The cache of the Actions service, or of a server that speaks like it; undefined where there is none. */
function actionsCache(log) {
    if (!(0,_actions_cache__WEBPACK_IMPORTED_MODULE_1__/* .isFeatureAvailable */ .w3)())
        return undefined;
    if (!process.listeners('uncaughtException').includes(outliveLostUpload))
        process.on('uncaughtException', outliveLostUpload);
    let isSilent = false;
    /** A service that has once been silent is not asked again: each question would cost as much. */
    const ask = async (failed, question) => {
        if (isSilent)
            return undefined;
        let timer;
        const silence = new Promise((resolve) => {
            timer = setTimeout(() => {
                isSilent = true;
                log.notice(`${failed}: no end after ${(0,_log_js__WEBPACK_IMPORTED_MODULE_4__/* .seconds */ .YA)(patienceMs)}, and it is not used any more`);
                resolve(undefined);
            }, patienceMs);
        });
        try {
            return await Promise.race([question(), silence]);
        }
        catch (error) {
            log.notice(`${failed}: ${(0,_problem_js__WEBPACK_IMPORTED_MODULE_2__/* .messageOf */ .b)(error)}`);
            return undefined;
        }
        finally {
            clearTimeout(timer);
        }
    };
    const has = async (key, paths) => (await ask('the actions cache could not be asked', () => (0,_actions_cache__WEBPACK_IMPORTED_MODULE_1__/* .restoreCache */ .P3)([...paths], key, [], { lookupOnly: true }))) !== undefined;
    const restoreNearest = (key, prefixes, paths) => ask('the actions cache could not be read', () => (0,_actions_cache__WEBPACK_IMPORTED_MODULE_1__/* .restoreCache */ .P3)([...paths], key, [...prefixes]));
    return {
        has,
        restoreNearest,
        restore: async (key, paths) => (await restoreNearest(key, [], paths)) !== undefined,
        async save(key, paths) {
            // It has logged why when it says -1: another run was first, or this one may only read. By its first protocol it says
            // something else where an upload fails, too: https://github.com/actions/toolkit/blob/main/packages/cache/src/cache.ts
            const id = await ask('the actions cache could not be written', () => (0,_actions_cache__WEBPACK_IMPORTED_MODULE_1__/* .saveCache */ .Io)([...paths], key));
            return id !== undefined && id !== -1 && (await has(key, paths));
        },
    };
}


/***/ })

};
