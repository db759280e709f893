export const id = 545;
export const ids = [545];
export const modules = {

/***/ 2545:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   queryDns: () => (/* binding */ queryDns)
/* harmony export */ });
/* unused harmony export readAnswer */
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(7598);
/* harmony import */ var node_dgram__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(1314);
/* harmony import */ var dns_packet__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(4894);
/* harmony import */ var _no_answer_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(7650);
/* harmony import */ var _within_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(7127);





/** A datagram can get lost: the query is repeated after this time, then after twice as long, and so on. */
const repeatMs = 250;
/**
 * Queries a name server over UDP, until it answers or `signal` aborts.
 *
 * @throws NoAnswer when the reply is not an answer to this query.
 */
async function queryDns({ name, type }, { host, port }, signal) {
    const id = (0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.randomInt)(0x1_0000);
    const question = (0,dns_packet__WEBPACK_IMPORTED_MODULE_2__.encode)({ type: "query", id, flags: dns_packet__WEBPACK_IMPORTED_MODULE_2__.RECURSION_DESIRED, questions: [{ name, type }] });
    const socket = (0,node_dgram__WEBPACK_IMPORTED_MODULE_1__.createSocket)("udp4");
    let timer;
    const send = (again) => {
        socket.send(question);
        timer = setTimeout(() => send(2 * again), again);
    };
    try {
        const answer = await (0,_within_js__WEBPACK_IMPORTED_MODULE_4__/* .abortable */ .Z)(signal, (resolve, reject) => {
            socket.once("error", (error) => reject((0,_no_answer_js__WEBPACK_IMPORTED_MODULE_3__/* .noAnswer */ .q)(error)));
            socket.once("message", resolve);
            // A connected socket receives only from this server, and gets an error when nothing listens there.
            socket.connect(port, host, () => send(repeatMs));
        });
        return readAnswer(answer, id);
    }
    finally {
        clearTimeout(timer);
        socket.close();
    }
}
/**
 * Reads a name server's answer to the query `id`.
 *
 * @throws NoAnswer for any other message.
 */
function readAnswer(message, id) {
    const packet = decoded(message);
    if (packet.type !== "response")
        throw new _no_answer_js__WEBPACK_IMPORTED_MODULE_3__/* .NoAnswer */ .W("no DNS answer: received a query");
    if (packet.id !== id)
        throw new _no_answer_js__WEBPACK_IMPORTED_MODULE_3__/* .NoAnswer */ .W("no DNS answer: the id is of another query");
    const records = (packet.answers ?? []).map((answer) => ({
        type: answer.type,
        data: "data" in answer ? textOf(answer.data) : "",
    }));
    return { code: packet.rcode, records, truncated: packet.flag_tc };
}
function decoded(message) {
    try {
        // The types lack `rcode`: https://github.com/mafintosh/dns-packet#packets
        return (0,dns_packet__WEBPACK_IMPORTED_MODULE_2__.decode)(message);
    }
    catch (error) {
        throw new _no_answer_js__WEBPACK_IMPORTED_MODULE_3__/* .NoAnswer */ .W(`no DNS answer: received ${message.length} bytes that are not DNS`, { cause: error });
    }
}
function textOf(data) {
    if (typeof data === "string")
        return data;
    const parts = Array.isArray(data) ? data : [data];
    return parts.map((part) => (Buffer.isBuffer(part) ? part.toString("utf8") : JSON.stringify(part))).join("");
}


/***/ })

};
