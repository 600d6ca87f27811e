/** A method that a template may call on a struct, for example a row's `.Label "key"`. */
export type GoMethod = (...args: readonly GoValue[]) => GoValue;

/**
 * A value in a Go template. `undefined` is Go's missing value (`<no value>`), `null` its nil; arrays are slices, plain objects
 * maps with string keys, {@linkcode GoStruct} a struct. Integers past 2^53 are bigints.
 */
export type GoValue = undefined | null | string | boolean | number | bigint | readonly GoValue[] | GoMap | GoStruct | GoMethod;

/** A Go map with string keys. */
export interface GoMap {
  readonly [key: string]: GoValue;
}

/** A Go struct: fields and methods in declaration order, reached by their Go names. */
export class GoStruct {
  /** The name that error texts use, for example `*formatter.ContainerContext`. */
  readonly typeName: string;
  readonly fields: ReadonlyMap<string, GoValue>;
  /** What `json` prints for it: JSON text. */
  readonly json: () => string;
  /** Names of the fields that are embedded structs: theirs are reached as if they were its own. */
  readonly embedded: readonly string[];

  constructor(typeName: string, fields: ReadonlyMap<string, GoValue>, json: () => string, embedded: readonly string[] = []) {
    this.typeName = typeName;
    this.fields = fields;
    this.json = json;
    this.embedded = embedded;
  }

  /** The struct, this or an embedded one, that has a field. */
  holderOf(name: string): GoStruct | undefined {
    if (this.fields.has(name)) return this;
    for (const part of this.embedded) {
      const inner = this.fields.get(part);
      const holder = inner instanceof GoStruct ? inner.holderOf(name) : undefined;
      if (holder !== undefined) return holder;
    }
    return undefined;
  }
}

/** Go's nil slice: as empty as any, but `json` prints null. */
export const NIL_LIST: readonly GoValue[] = Object.freeze([]);

/** Go's nil map: as empty as any, but `json` prints null. */
export const NIL_MAP: GoMap = Object.freeze({});

/** Tells whether a value is a map. */
export function isGoMap(value: GoValue): value is GoMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof GoStruct);
}

/** Tells whether a value is a slice. */
export function isGoList(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value);
}

/** Go's truth: everything but the zero value of its type, nil and the missing value. Structs are always true. */
export function isTrue(value: GoValue): boolean {
  if (isGoList(value)) return value.length > 0;
  if (isGoMap(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

const BASIC_TYPE_NAMES: Readonly<Record<string, string>> = { string: 'string', boolean: 'bool', bigint: 'int64', function: 'func()' };

/** The Go type's name, as the error texts of templates and of `fmt` write it. */
export function goTypeName(value: GoValue): string {
  if (value === undefined || value === null) return '<nil>';
  if (value instanceof GoStruct) return value.typeName;
  if (isGoList(value)) return value.every((item) => typeof item === 'string') ? '[]string' : '[]interface {}';
  if (typeof value === 'object') {
    return Object.values(value).every((item) => typeof item === 'string') ? 'map[string]string' : 'map[string]interface {}';
  }
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  return BASIC_TYPE_NAMES[typeof value] ?? typeof value;
}

/** Formats a value as `fmt`'s `%v` does: `map[a:b c:d]`, `[a b]`, `{a b}`, `<nil>`. */
export function formatGoValue(value: GoValue): string {
  if (value === undefined || value === null) return '<nil>';
  if (value instanceof GoStruct) return `{${dataFields(value).map(formatGoValue).join(' ')}}`;
  if (isGoList(value)) return `[${value.map(formatGoValue).join(' ')}]`;
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'function') return 'func()';
  if (typeof value !== 'object') return String(value);
  const members = sortedKeys(value).map((key) => `${key}:${formatGoValue(value[key])}`);
  return `map[${members.join(' ')}]`;
}

/** A map's keys in Go's order: by bytes. */
export function sortedKeys(map: object): readonly string[] {
  return Object.keys(map).toSorted(compareGoStrings);
}

/** Compares two strings by their UTF-8 bytes, as Go does. */
export function compareGoStrings(a: string, b: string): number {
  if (a === b) return 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Formats a value as Docker's `json` template function does: Go's encoder without HTML escapes, the keys of maps sorted. */
export function encodeGoJson(value: GoValue): string {
  if (value === undefined || value === null || value === NIL_LIST || value === NIL_MAP) return 'null';
  if (value instanceof GoStruct) return value.json();
  if (isGoList(value)) return `[${value.map(encodeGoJson).join(',')}]`;
  if (typeof value === 'string') return encodeGoString(value);
  if (typeof value === 'function') return 'null';
  if (typeof value !== 'object') return String(value);
  const members = sortedKeys(value).map((key) => `${encodeGoString(key)}:${encodeGoJson(value[key])}`);
  return `{${members.join(',')}}`;
}

/** A JSON string as Go writes it. */
export function encodeGoString(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** Escapes HTML's characters in JSON text, as Go's encoder does unless told not to. */
export function escapeHtml(json: string): string {
  return json.replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
}

/** The shortest decimal text, with an exponent where Go's `%v` has one. */
function formatNumber(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 1e6 || magnitude < 1e-4) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return String(value);
}

function dataFields(struct: GoStruct): GoValue[] {
  return [...struct.fields.values()].filter((field) => typeof field !== 'function');
}
