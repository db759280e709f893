export const id = 785;
export const ids = [785];
export const modules = {

/***/ 5785:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   ofScenario: () => (/* binding */ ofScenario),
/* harmony export */   parseScenarios: () => (/* binding */ parseScenarios),
/* harmony export */   readScenarios: () => (/* binding */ readScenarios),
/* harmony export */   scenarioInputs: () => (/* binding */ scenarioInputs)
/* harmony export */ });
/* harmony import */ var node_fs_promises__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(1455);
/* harmony import */ var node_path__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(6760);
/* harmony import */ var yaml__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(8815);
/* harmony import */ var _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(4047);
/* harmony import */ var _platform_process_process_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(7311);
/* harmony import */ var _definition_js__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(6785);
/* harmony import */ var _interface_js__WEBPACK_IMPORTED_MODULE_6__ = __webpack_require__(1458);







const scenarioInputs = (0,_interface_js__WEBPACK_IMPORTED_MODULE_6__/* .inputsMarked */ .mU)("scenario");
const knownKeys = ["name", ...scenarioInputs].join(", ");
const mostBytes = 64 * 1024;
const mostScenarios = 100;
/** Names become parts of file names. */
const portableName = /^[A-Za-z0-9][\w.-]{0,59}$/;
const nameRule = "up to 60 letters, digits, `-`, `_` and `.`, starting with a letter or digit";
/**
 * Reads the input `scenarios`: a list, or the path of a file with one.
 *
 * @param base the step's inputs, which a scenario overrides.
 * @returns undefined when the input is empty.
 * @throws Problem
 */
async function readScenarios({ host }, base) {
    const given = base.scenarios;
    if (given === undefined)
        return undefined;
    if (!isPath(given))
        return parseScenarios(given, base, "input scenarios");
    const text = await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.readFile)((0,node_path__WEBPACK_IMPORTED_MODULE_1__.resolve)(host.folders.workspace, given), "utf8").catch((error) => {
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`input scenarios: ${given} cannot be read`, {
            because: (0,_platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .messageOf */ .bD)(error),
            accepted: "a YAML list, or the path of a .yml or .yaml file with one, relative to the workspace",
        });
    });
    return parseScenarios(text, base, given);
}
/** Puts the scenario's name before the message of a {@link Problem}. */
function ofScenario({ name }, error) {
    return error instanceof _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF
        ? new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`scenario ${name}: ${error.message}`, error.facts, { cause: error })
        : error;
}
/** A list in one line can end in `.yml` too. */
function isPath(text) {
    return /^[^\n]*\.ya?ml$/i.test(text) && !/^(?:-\s|\[)/.test(text);
}
/**
 * Parses a YAML list of scenarios. A value is the text of the input of its name, exactly as written (never a number or
 * a date), or a list of texts: the lines of that input, or the words of `args`.
 *
 * @param source name of the input or file, for errors.
 * @throws Problem that names the line, the scenario and the key.
 */
function parseScenarios(text, base, source) {
    const { items, lineOf } = parseList(text, source);
    const names = new Map();
    const scenarios = items.map((item) => {
        if (!(0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .isMap */ .jh)(item)) {
            throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`${lineOf(item)}: a scenario must be a mapping`, { found: shown(item), accepted: knownKeys });
        }
        const name = readName(item, lineOf);
        const former = names.get(name.toLowerCase());
        if (former !== undefined) {
            throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`${lineOf(item)}: duplicate scenario ${former}`, {
                ...(former === name ? {} : { because: `${name} names the same file on a case-insensitive file system` }),
                do: "give each scenario a unique name",
            });
        }
        names.set(name.toLowerCase(), name);
        return Object.freeze({
            name,
            inputs: Object.freeze({ ...base, ...readOwn(item, name, lineOf), scenarios: undefined }),
        });
    });
    return Object.freeze(scenarios);
}
const mostNested = 50;
/**
 * Whether brackets, or the `-`, `?` and `:` of one line, nest deeper than any scenario. The parser recurses for each of
 * them, and V8 ends the process when no stack is left for a regular expression.
 */
function isNested(text) {
    let brackets = 0;
    let marks = 0;
    for (const source of new yaml__WEBPACK_IMPORTED_MODULE_2__/* .Lexer */ .JG().lex(text)) {
        const type = yaml__WEBPACK_IMPORTED_MODULE_2__/* .CST */ .DB.tokenType(source);
        if (type === "newline")
            marks = 0;
        else if (type === "flow-seq-start" || type === "flow-map-start")
            brackets++;
        else if (type === "flow-seq-end" || type === "flow-map-end")
            brackets--;
        else if (type === "seq-item-ind" || type === "explicit-key-ind" || type === "map-value-ind")
            marks++;
        if (brackets > mostNested || marks > mostNested)
            return true;
    }
    return false;
}
/**
 * The items of a YAML list. Aliases are refused: scenarios share the step's inputs, and a few aliases of aliases can
 * expand to gigabytes.
 */
function parseList(text, source) {
    const bytes = Buffer.byteLength(text);
    // promise: scenarios-have-a-size
    if (bytes > mostBytes)
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`${source} has ${bytes} bytes`, { accepted: `up to ${mostBytes}` });
    // promise: scenarios-have-a-depth
    if (isNested(text))
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`${source} is nested deeper than ${mostNested} levels`, { accepted: "a list of scenarios" });
    const lineCounter = new yaml__WEBPACK_IMPORTED_MODULE_2__/* .LineCounter */ .HN();
    // `failsafe` has only strings, lists and mappings.
    const document = (0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .parseDocument */ .Tp)(text, {
        schema: "failsafe",
        resolveKnownTags: false,
        prettyErrors: false,
        lineCounter,
    });
    const lineAt = (offset = 0) => `${source}, line ${lineCounter.linePos(offset).line}`;
    const lineOf = (node) => lineAt(node?.range?.[0]);
    const [mistake] = [...document.errors, ...document.warnings];
    if (mistake !== undefined)
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`${lineAt(mistake.pos[0])}: ${mistake.message}`);
    // promise: scenarios-have-no-aliases
    (0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .visit */ .YR)(document, {
        Alias: (_, alias) => {
            throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`${lineOf(alias)}: aliases (*${alias.source}) are not supported`, {
                do: "set what all scenarios share as inputs of the step",
            });
        },
    });
    const list = document.contents;
    if (!(0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .isSeq */ .oP)(list) || list.items.length === 0) {
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`${source} is not a list of scenarios`, {
            found: shown(list),
            accepted: ["- name: help", "  args: --help"],
        });
    }
    if (list.items.length > mostScenarios) {
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`${source} has ${list.items.length} scenarios`, { accepted: `up to ${mostScenarios}` });
    }
    return { items: list.items, lineOf };
}
function readName(scenario, lineOf) {
    const pair = scenario.items.find(({ key }) => textOf(key) === "name");
    if (pair === undefined)
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`${lineOf(scenario)}: a scenario has no name`, { accepted: `name: ${nameRule}` });
    const name = textOf(pair.value);
    if (name !== undefined && portableName.test(name))
        return name;
    throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`${lineOf(pair.key)}: ${shown(pair.value)} is not a valid scenario name`, { accepted: nameRule });
}
/** The inputs that a scenario sets, by their names in {@link Inputs}. */
function readOwn(scenario, name, lineOf) {
    const others = scenario.items.filter(({ key }) => textOf(key) !== "name");
    return Object.fromEntries(others.map((pair) => readPair(pair, `${lineOf(pair.key)}: scenario ${name}`)));
}
function readPair({ key, value }, where) {
    const input = /* promise: scenario-keys-are-a-list */ scenarioInputs.find((known) => known === textOf(key));
    if (input === undefined)
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`${where}: ${shown(key)} is not a key of scenarios`, { accepted: knownKeys });
    const text = inputText(input, value);
    if (text === undefined) {
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`${where}: ${input} is ${shown(value)}`, {
            accepted: "a string, or a list of strings",
            do: "quote a string that contains a colon followed by a space",
        });
    }
    try {
        return [(0,_definition_js__WEBPACK_IMPORTED_MODULE_5__/* .camelCase */ .xQ)(input), (0,_definition_js__WEBPACK_IMPORTED_MODULE_5__/* .parseInput */ .CU)(_interface_js__WEBPACK_IMPORTED_MODULE_6__/* .inputs */ .QL[input], text)];
    }
    catch (error) {
        if (!(error instanceof _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .InputError */ .dz))
            throw error;
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_3__/* .Problem */ .AF(`${where}: ${input}: ${error.message}`, { accepted: error.accepted }, { cause: error });
    }
}
/** The text of the input; undefined when the value is neither a string nor a list of strings. */
function inputText(input, value) {
    if (!(0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .isSeq */ .oP)(value))
        return textOf(value);
    const texts = value.items.map(textOf);
    if (!texts.every((text) => text !== undefined))
        return undefined;
    return input === "args" ? texts.map(_platform_process_process_js__WEBPACK_IMPORTED_MODULE_4__/* .quote */ .hD).join(" ") : texts.join("\n");
}
function textOf(node) {
    return (0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .isScalar */ .jn)(node) && typeof node.value === "string" ? node.value : undefined;
}
/** A YAML value, for an error message. */
function shown(node) {
    if ((0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .isSeq */ .oP)(node))
        return node.items.length === 0 ? "an empty list" : "a list";
    if ((0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .isMap */ .jh)(node))
        return "a mapping";
    const text = JSON.stringify(textOf(node) ?? "");
    return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}


/***/ })

};
