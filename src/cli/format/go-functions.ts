import { GoCallError } from './go-call-error.ts';
import { compareGo, equalGo } from './go-compare.ts';
import { sprint, sprintf } from './go-printf.ts';
import { encodeGoJson, formatGoValue, goTypeName, isGoList, isGoMap, isTrue } from './go-value.ts';
import type { GoValue } from './go-value.ts';

/** What a function wants of an argument; values of another type are refused before the call. */
export type GoParameter = 'any' | 'string' | 'int' | 'strings';

/** A function that templates may call. */
export interface GoFunction {
  readonly parameters: readonly GoParameter[];
  /** What any further arguments must be; absent if there are none. */
  readonly rest?: GoParameter;
  /** @param isUntyped Whether maps hold decoded JSON, as opposed to typed fields; Go tells their missing values apart. */
  readonly call: (args: readonly GoValue[], isUntyped: boolean) => GoValue;
}

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\uFFFD',
};

/**
 * The functions of Go's text/template and of Docker's formats. `and` and `or` are here for their names and counts only: the
 * evaluator runs them itself, because they skip arguments.
 */
export const GO_FUNCTIONS: Readonly<Record<string, GoFunction>> = {
  and: { parameters: ['any'], rest: 'any', call: (args) => args[0] },
  or: { parameters: ['any'], rest: 'any', call: (args) => args[0] },
  not: { parameters: ['any'], call: ([value]) => !isTrue(value) },
  eq: { parameters: ['any'], rest: 'any', call: ([first, ...others]) => equalsAny(first, others) },
  ne: { parameters: ['any', 'any'], call: ([a, b]) => !equalGo(a, b) },
  lt: { parameters: ['any', 'any'], call: ([a, b]) => compareGo(a, b) < 0 },
  le: { parameters: ['any', 'any'], call: ([a, b]) => compareGo(a, b) <= 0 },
  gt: { parameters: ['any', 'any'], call: ([a, b]) => compareGo(a, b) > 0 },
  ge: { parameters: ['any', 'any'], call: ([a, b]) => compareGo(a, b) >= 0 },
  len: { parameters: ['any'], call: ([value]) => lengthOf(value) },
  index: {
    parameters: ['any'],
    rest: 'any',
    call: ([value, ...keys], isUntyped) => keys.reduce<GoValue>((item, key) => indexOne(item, key, isUntyped), value),
  },
  slice: { parameters: ['any'], rest: 'any', call: ([value, ...bounds]) => sliceOf(value, bounds) },
  print: { parameters: [], rest: 'any', call: sprint },
  printf: { parameters: ['string'], rest: 'any', call: ([format, ...args]) => sprintf(asString(format), args) },
  println: { parameters: [], rest: 'any', call: (args) => `${args.map(formatGoValue).join(' ')}\n` },
  html: { parameters: [], rest: 'any', call: (args) => sprint(args).replace(/[&<>"'\0]/g, (char) => HTML_ESCAPES[char] ?? char) },
  js: { parameters: [], rest: 'any', call: (args) => escapeJs(sprint(args)) },
  urlquery: { parameters: [], rest: 'any', call: (args) => escapeQuery(sprint(args)) },
  // No value is a function: the evaluator, which knows the argument's text, says so.
  call: { parameters: ['any'], rest: 'any', call: () => undefined },
  json: { parameters: ['any'], call: ([value]) => encodeGoJson(value) },
  split: { parameters: ['string', 'string'], call: ([text, separator]) => asString(text).split(asString(separator)) },
  join: {
    parameters: ['strings', 'string'],
    call: ([list, separator]) => (isGoList(list) ? list.map(asString) : []).join(asString(separator)),
  },
  title: {
    parameters: ['string'],
    call: ([text]) => asString(text).replace(/(?<![\p{L}\p{N}_'])\p{L}/gu, (letter) => letter.toUpperCase()),
  },
  lower: { parameters: ['string'], call: ([text]) => asString(text).toLowerCase() },
  upper: { parameters: ['string'], call: ([text]) => asString(text).toUpperCase() },
  pad: { parameters: ['string', 'int', 'int'], call: ([text, before, after]) => padText(asString(text), Number(before), Number(after)) },
  truncate: { parameters: ['string', 'int'], call: ([text, length]) => truncateText(asString(text), Number(length)) },
};

/**
 * The functions as the header line of a table sees them: those that would change a column's name leave it alone.
 */
export const HEADER_FUNCTIONS: Readonly<Record<string, GoFunction>> = {
  ...GO_FUNCTIONS,
  json: { parameters: ['string'], call: ([name]) => name },
  title: { parameters: ['string'], call: ([name]) => name },
  lower: { parameters: ['string'], call: ([name]) => name },
  upper: { parameters: ['string'], call: ([name]) => name },
  truncate: { parameters: ['string', 'int'], call: ([name]) => name },
  split: { parameters: ['string', 'string'], call: ([name]) => name },
  join: { parameters: ['string', 'string'], call: ([name]) => name },
};

function asString(value: GoValue): string {
  return typeof value === 'string' ? value : formatGoValue(value);
}

function equalsAny(first: GoValue, others: readonly GoValue[]): boolean {
  if (others.length === 0) throw new GoCallError('missing argument for comparison');
  return others.some((other) => equalGo(first, other));
}

function lengthOf(value: GoValue): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (isGoList(value)) return value.length;
  if (isGoMap(value)) return Object.keys(value).length;
  if (value === null || value === undefined) throw new GoCallError('reflect: call of reflect.Value.Type on zero Value');
  throw new GoCallError(`len of type ${goTypeName(value)}`);
}

function indexOne(value: GoValue, key: GoValue, isUntyped: boolean): GoValue {
  if (isGoMap(value)) {
    if (typeof key !== 'string') throw new GoCallError(`value has type ${goTypeName(key)}; should be string`);
    if (Object.hasOwn(value, key)) return value[key];
    // A map of strings answers with its zero value. What an empty map holds is not known here; most hold strings.
    return !isUntyped && Object.values(value).every((item) => typeof item === 'string') ? '' : undefined;
  }
  if (value === null || value === undefined) throw new GoCallError('index of untyped nil');
  if (typeof value !== 'string' && !isGoList(value)) throw new GoCallError(`can't index item of type ${goTypeName(value)}`);
  const items: string | Buffer | readonly GoValue[] = typeof value === 'string' ? Buffer.from(value) : value;
  const at = checkIndex(key, items.length);
  // Go compares with the slice's capacity first, then lets its reflection complain.
  if (at === items.length) throw new GoCallError(`reflect: ${typeof value === 'string' ? 'string' : 'slice'} index out of range`);
  return items[at];
}

function checkIndex(key: GoValue, highest: number): number {
  if (typeof key !== 'number' || !Number.isInteger(key)) throw new GoCallError(`cannot index slice/array with type ${goTypeName(key)}`);
  if (key < 0 || key > highest) throw new GoCallError(`index out of range: ${key}`);
  return key;
}

function sliceOf(value: GoValue, bounds: readonly GoValue[]): GoValue {
  if (typeof value !== 'string' && !isGoList(value)) throw new GoCallError(`can't slice item of type ${goTypeName(value)}`);
  if (bounds.length > 3) throw new GoCallError(`too many slice indexes: ${bounds.length}`);
  const items = typeof value === 'string' ? Buffer.from(value) : value;
  const [start = 0, end = items.length] = bounds.map((bound) => checkIndex(bound, items.length));
  if (start > end) throw new GoCallError(`invalid slice index: ${start} > ${end}`);
  return Buffer.isBuffer(items) ? items.subarray(start, end).toString() : items.slice(start, end);
}

function escapeJs(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must be escaped
  return text.replace(/[\\'"<>&=\u0000-\u001f]/g, (char) =>
    char === '\\' || char === "'" || char === '"' ? `\\${char}` : `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );
}

function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function truncateText(text: string, length: number): string {
  if (length < 0) throw new GoCallError(`runtime error: slice bounds out of range [:${length}]`);
  return Buffer.from(text).subarray(0, length).toString();
}

function padText(text: string, before: number, after: number): string {
  return text === '' ? text : ' '.repeat(before) + text + ' '.repeat(after);
}
