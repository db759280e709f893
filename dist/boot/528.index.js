export const id = 528;
export const ids = [528];
export const modules = {

/***/ 9147:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   actionsCache: () => (/* binding */ actionsCache)
/* harmony export */ });
/* harmony import */ var _actions_cache__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(816);
/* harmony import */ var _problem_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(4047);


/** The cache of the Actions service, or of a server that speaks like it; undefined where there is none. */
function actionsCache(log) {
    if (!(0,_actions_cache__WEBPACK_IMPORTED_MODULE_0__/* .isFeatureAvailable */ .w3)())
        return undefined;
    return {
        async restore(key, paths) {
            try {
                return (await (0,_actions_cache__WEBPACK_IMPORTED_MODULE_0__/* .restoreCache */ .P3)([...paths], key)) !== undefined;
            }
            catch (error) {
                log.notice(`the actions cache could not be read: ${(0,_problem_js__WEBPACK_IMPORTED_MODULE_1__/* .messageOf */ .bD)(error)}`);
                return false;
            }
        },
        async has(key, paths) {
            return (await (0,_actions_cache__WEBPACK_IMPORTED_MODULE_0__/* .restoreCache */ .P3)([...paths], key, [], { lookupOnly: true }).catch(() => undefined)) !== undefined;
        },
        async save(key, paths) {
            try {
                // It has logged why when it says -1: another run was first, or this one may only read.
                return (await (0,_actions_cache__WEBPACK_IMPORTED_MODULE_0__/* .saveCache */ .Io)([...paths], key)) !== -1;
            }
            catch (error) {
                log.notice(`the toolchain was not kept in the actions cache: ${(0,_problem_js__WEBPACK_IMPORTED_MODULE_1__/* .messageOf */ .bD)(error)}`);
                return false;
            }
        },
    };
}


/***/ })

};
