import { dockerError } from './errors.ts';

/** What a JSON field may hold; `null` is always right, as in Go. A `command` is a list or one string. */
export type FieldKind =
  | 'string'
  | 'boolean'
  | 'integer'
  | 'duration'
  | 'strings'
  | 'lists'
  | 'command'
  | 'map'
  | 'set'
  | 'object'
  | 'objects'
  | 'any';

/** The kind of each field of a body. */
export type FieldKinds<T> = Readonly<Record<keyof T & string, FieldKind>>;

const CHECKS: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  any: () => true,
  boolean: (value) => typeof value === 'boolean',
  command: (value) => typeof value === 'string' || isStrings(value),
  duration: isInt64,
  integer: isInt64,
  lists: (value) => Array.isArray(value) && value.every((item) => item === null || isStrings(item)),
  map: (value) => isRecord(value) && Object.values(value).every((item) => typeof item === 'string'),
  object: isRecord,
  objects: (value) => Array.isArray(value) && value.every(isRecord),
  set: (value) => isRecord(value) && Object.values(value).every((item) => item === null || isRecord(item)),
  string: (value) => typeof value === 'string',
  strings: isStrings,
};

// Go's names for what each kind decodes into, as they are in Docker's message.
const GO_TYPE: Readonly<Record<FieldKind, string>> = {
  any: 'value',
  boolean: 'bool',
  command: 'string',
  duration: 'time.Duration',
  integer: 'int64',
  lists: '[][]string',
  map: 'map[string]string',
  object: 'object',
  objects: '[]object',
  set: 'map[string]struct {}',
  string: 'string',
  strings: '[]string',
};

/**
 * Checks the fields of a body that are known; others are left alone, as Docker does.
 *
 * @param prefix Where the body is in a larger one: `HostConfig`.
 * @returns The same object; its known fields are of their kinds, missing or `null`.
 * @throws {PierError} `InvalidArgument` in Docker's words, naming the field.
 */
export function checkFields<T>(body: Readonly<Record<string, unknown>>, kinds: FieldKinds<T>, prefix = ''): T {
  for (const [name, kind] of Object.entries<FieldKind>(kinds)) {
    const value = body[name];
    if (value === undefined || value === null || CHECKS[kind](value)) continue;
    const found = jsonKindOf(value, kind);
    const field = prefix === '' ? `.${name}` : `.${prefix}.${name}`;
    throw dockerError(
      'InvalidArgument',
      `invalid JSON: json: cannot unmarshal ${found} into Go struct field ${field} of type ${GO_TYPE[kind]}`,
    );
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the kinds above have been checked, and T has no other fields
  return body as T;
}

/** Tells whether a value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Beyond 2^53 a number is rounded, so that the largest of 64 bits is read as 2^63. */
function isInt64(value: unknown): boolean {
  return Number.isInteger(value) && Math.abs(Number(value)) <= 2 ** 63;
}

/** What Go calls a value that it does not take: of a number the text, too, where a number was wanted. */
function jsonKindOf(value: unknown, wanted: FieldKind): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  const isWrongNumber = typeof value === 'number' && (wanted === 'integer' || wanted === 'duration');
  return isWrongNumber ? `number ${value}` : typeof value;
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
