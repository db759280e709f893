export const id = 785;
export const ids = [785];
export const modules = {

/***/ 85785:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   ofScenario: () => (/* binding */ ofScenario),
/* harmony export */   parseScenarios: () => (/* binding */ parseScenarios),
/* harmony export */   readScenarios: () => (/* binding */ readScenarios),
/* harmony export */   scenarioInputs: () => (/* binding */ scenarioInputs)
/* harmony export */ });
/* harmony import */ var node_fs_promises__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(51455);
/* harmony import */ var node_path__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(76760);
/* harmony import */ var yaml__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(38815);
/* harmony import */ var _platform_input_error_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(2935);
/* harmony import */ var _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(24047);
/* harmony import */ var _platform_process_process_js__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(27311);
/* harmony import */ var _definition_js__WEBPACK_IMPORTED_MODULE_6__ = __webpack_require__(96785);
/* harmony import */ var _interface_js__WEBPACK_IMPORTED_MODULE_7__ = __webpack_require__(66396);








/** The inputs that a scenario may have: those that say how an image is booted and what is expected of it. */
const scenarioInputs = [
    'args',
    'expect',
    'forbid',
    'expect-exit',
    'until',
    'settle',
    'timeout',
    'memory',
    'accelerator',
    'probe',
    'net',
    'block',
    'check',
];
const knownKeys = ['name', ...scenarioInputs].join(', ');
const mostBytes = 64 * 1024;
const mostScenarios = 100;
/** It becomes a part of file names. */
const portableName = /^[A-Za-z0-9][\w.-]{0,59}$/;
const nameRule = 'up to 60 letters, digits, `-`, `_` and `.`, beginning with a letter or a digit';
/**
 * The scenarios of the input of that name: those that stand in it, or in the file that it names.
 *
 * @param base the step's inputs: what a scenario leaves out is as there.
 * @returns undefined when the input is empty.
 * @throws Problem
 */
async function readScenarios({ host }, base) {
    const given = base.scenarios;
    if (given === undefined)
        return undefined;
    if (!isPath(given))
        return parseScenarios(given, base, 'input scenarios');
    const text = await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.readFile)((0,node_path__WEBPACK_IMPORTED_MODULE_1__.resolve)(host.folders.workspace, given), 'utf8').catch((error) => {
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`input scenarios: ${given} cannot be read`, {
            because: (0,_platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .messageOf */ .b)(error),
            accepted: 'a YAML list, or the path of a .yml or .yaml file with one, relative to the workspace',
        });
    });
    return parseScenarios(text, base, given);
}
/** What a boot threw, with the scenario named where it is a problem that a person can solve. */
function ofScenario({ name }, error) {
    return error instanceof _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A ? new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`scenario ${name}: ${error.message}`, error.facts, { cause: error }) : error;
}
/** A list of one scenario in one line may end as a file's name does. */
function isPath(text) {
    return /^[^\n]*\.ya?ml$/i.test(text) && !/^(?:-\s|\[)/.test(text);
}
/**
 * Reads a YAML list of scenarios. A value is the text that the input of its name takes, as it is written there (no
 * number or date is made of it), or a list of texts: the lines of that input, and for `args` its words.
 *
 * @param source what an error calls the text: the input, or the file.
 * @throws Problem that names the line, the scenario and the key.
 */
function parseScenarios(text, base, source) {
    const { items, lineOf } = parseList(text, source);
    const names = new Map();
    const scenarios = items.map((item) => {
        if (!(0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .isMap */ .jh)(item)) {
            throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`${lineOf(item)}: a scenario has keys and values`, { found: shown(item), accepted: knownKeys });
        }
        const name = readName(item, lineOf);
        const former = names.get(name.toLowerCase());
        if (former !== undefined) {
            throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`${lineOf(item)}: there is a scenario ${former} already`, {
                ...(former === name ? {} : { because: `${name} names the same file where upper and lower case do not count` }),
                do: 'give each scenario a name of its own',
            });
        }
        names.set(name.toLowerCase(), name);
        return Object.freeze({ name, inputs: Object.freeze({ ...base, ...readOwn(item, name, lineOf), scenarios: undefined }) });
    });
    return Object.freeze(scenarios);
}
const mostNested = 50;
/**
 * Whether brackets, or the `-`, `?` and `:` of one line, nest deeper than any scenario: the parser calls itself for each of
 * them, and where it has no stack left for a regular expression, V8 ends the process.
 */
function isNested(text) {
    let brackets = 0;
    let marks = 0;
    for (const source of new yaml__WEBPACK_IMPORTED_MODULE_2__/* .Lexer */ .JG().lex(text)) {
        const type = yaml__WEBPACK_IMPORTED_MODULE_2__/* .CST */ .DB.tokenType(source);
        if (type === 'newline')
            marks = 0;
        else if (type === 'flow-seq-start' || type === 'flow-map-start')
            brackets++;
        else if (type === 'flow-seq-end' || type === 'flow-map-end')
            brackets--;
        else if (type === 'seq-item-ind' || type === 'explicit-key-ind' || type === 'map-value-ind')
            marks++;
        if (brackets > mostNested || marks > mostNested)
            return true;
    }
    return false;
}
/**
 * The items of a YAML list. Aliases are refused: what scenarios share are the step's inputs, and a few aliases of aliases
 * can stand for gigabytes.
 */
function parseList(text, source) {
    const bytes = Buffer.byteLength(text);
    if (bytes > mostBytes)
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`${source} has ${bytes} bytes`, { accepted: `up to ${mostBytes}` });
    if (isNested(text))
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`${source} has lists in lists in lists, many times over`, { accepted: 'a list of scenarios' });
    const lineCounter = new yaml__WEBPACK_IMPORTED_MODULE_2__/* .LineCounter */ .HN();
    // `failsafe` has texts, lists and mappings only.
    const document = (0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .parseDocument */ .Tp)(text, { schema: 'failsafe', resolveKnownTags: false, prettyErrors: false, lineCounter });
    const lineAt = (offset = 0) => `${source}, line ${lineCounter.linePos(offset).line}`;
    const lineOf = (node) => lineAt(node?.range?.[0]);
    const [mistake] = [...document.errors, ...document.warnings];
    if (mistake !== undefined)
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`${lineAt(mistake.pos[0])}: ${mistake.message}`);
    (0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .visit */ .YR)(document, {
        Alias: (_, alias) => {
            throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`${lineOf(alias)}: aliases (*${alias.source}) are not taken`, {
                do: 'write what all scenarios share into the inputs of the step',
            });
        },
    });
    const list = document.contents;
    if (!(0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .isSeq */ .oP)(list) || list.items.length === 0) {
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`${source} is no list of scenarios`, { found: shown(list), accepted: ['- name: help', '  args: --help'] });
    }
    if (list.items.length > mostScenarios) {
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`${source} has ${list.items.length} scenarios`, { accepted: `up to ${mostScenarios}` });
    }
    return { items: list.items, lineOf };
}
function readName(scenario, lineOf) {
    const pair = scenario.items.find(({ key }) => textOf(key) === 'name');
    if (pair === undefined)
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`${lineOf(scenario)}: a scenario has no name`, { accepted: `name: ${nameRule}` });
    const name = textOf(pair.value);
    if (name !== undefined && portableName.test(name))
        return name;
    throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`${lineOf(pair.key)}: ${shown(pair.value)} cannot name a scenario`, { accepted: nameRule });
}
/** What a scenario says itself, by the names that the code has for the inputs. */
function readOwn(scenario, name, lineOf) {
    const others = scenario.items.filter(({ key }) => textOf(key) !== 'name');
    return Object.fromEntries(others.map((pair) => readPair(pair, `${lineOf(pair.key)}: scenario ${name}`)));
}
function readPair({ key, value }, where) {
    const input = scenarioInputs.find((known) => known === textOf(key));
    if (input === undefined)
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`${where}: ${shown(key)} is not a key of scenarios`, { accepted: knownKeys });
    const text = inputText(input, value);
    if (text === undefined) {
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`${where}: ${input} is ${shown(value)}`, {
            accepted: 'a text, or a list of texts',
            do: 'put quotes around a text in which a colon and a blank follow each other',
        });
    }
    try {
        return [(0,_definition_js__WEBPACK_IMPORTED_MODULE_6__/* .camelCase */ .xQ)(input), (0,_definition_js__WEBPACK_IMPORTED_MODULE_6__/* .parseInput */ .CU)(_interface_js__WEBPACK_IMPORTED_MODULE_7__/* .inputs */ .QL[input], text)];
    }
    catch (error) {
        if (!(error instanceof _platform_input_error_js__WEBPACK_IMPORTED_MODULE_3__/* .InputError */ .d))
            throw error;
        throw new _platform_problem_js__WEBPACK_IMPORTED_MODULE_4__/* .Problem */ .A(`${where}: ${input}: ${error.message}`, { accepted: error.accepted }, { cause: error });
    }
}
/** What the input would be given; undefined when the value is something else than a text or a list of texts. */
function inputText(input, value) {
    if (!(0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .isSeq */ .oP)(value))
        return textOf(value);
    const texts = value.items.map(textOf);
    if (!texts.every((text) => text !== undefined))
        return undefined;
    return input === 'args' ? texts.map(_platform_process_process_js__WEBPACK_IMPORTED_MODULE_5__/* .quote */ .hD).join(' ') : texts.join('\n');
}
function textOf(node) {
    return (0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .isScalar */ .jn)(node) && typeof node.value === 'string' ? node.value : undefined;
}
/** A part of the YAML as an error quotes it. */
function shown(node) {
    if ((0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .isSeq */ .oP)(node))
        return node.items.length === 0 ? 'an empty list' : 'a list';
    if ((0,yaml__WEBPACK_IMPORTED_MODULE_2__/* .isMap */ .jh)(node))
        return 'a mapping';
    const text = JSON.stringify(textOf(node) ?? '');
    return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}


/***/ })

};
