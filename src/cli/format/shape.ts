import { encodeGoJson, encodeGoString, GoStruct, NIL_LIST, NIL_MAP, isGoList, isGoMap, sortedKeys } from './go-value.ts';
import { goTimeStringOf } from './local-time.ts';
import { formatGoDuration } from '../../base/go-duration.ts';
import { ZERO_TIME } from '../../base/timestamp.ts';
import type { GoValue } from './go-value.ts';

/**
 * What Go makes of a member of decoded JSON: a string, boolean, number, time, duration (of nanoseconds), slice or map (with its zero value where the member is
 * absent or null), something left as it is (`any`), or a struct, alone, behind a pointer, or in a slice or map.
 */
export type ShapeKind = 'string' | 'bool' | 'int' | 'time' | 'duration' | 'list' | 'map' | 'any' | Shape | Container;

interface Container {
  readonly container: 'pointer' | 'list' | 'map';
  readonly of: Shape;
}

interface ShapeField {
  readonly name: string;
  /** The member's name in JSON. */
  readonly key: string;
  readonly kind: ShapeKind;
  readonly omitsEmpty: boolean;
}

/** The Go struct behind an object of the API: its fields in order. Templates see those, not the JSON. */
export interface Shape {
  readonly typeName: string;
  readonly fields: readonly ShapeField[];
  /** Structs whose members are in the same JSON object. */
  readonly embedded: ReadonlySet<string>;
}

const LETTERS: Readonly<Record<string, ShapeKind>> = {
  s: 'string',
  b: 'bool',
  i: 'int',
  t: 'time',
  d: 'duration',
  l: 'list',
  m: 'map',
  a: 'any',
};

/** One field: `Name`, `Name:kind` with a kind's first letter, `Name=key:kind`; a last `~` leaves the field out of JSON when empty. */
export type FieldNotation = string | readonly [notation: string, kind: Shape | Container] | { readonly embed: Shape; readonly as: string };

/** Makes a shape from its fields in Go's order. */
export function shape(typeName: string, ...notations: readonly FieldNotation[]): Shape {
  const embedded = new Set<string>();
  const fields = notations.map((notation): ShapeField => {
    if (typeof notation === 'object' && 'embed' in notation) {
      embedded.add(notation.as);
      return { name: notation.as, key: '', kind: notation.embed, omitsEmpty: false };
    }
    const [text, kind] = typeof notation === 'string' ? [notation, undefined] : notation;
    const [, name = '', key, letter = 's', tilde] = /^(\w+)(?:=(\w+))?(?::(\w))?(~)?$/.exec(text) ?? [];
    return { name, key: key ?? name, kind: kind ?? LETTERS[letter] ?? 'any', omitsEmpty: tilde !== undefined };
  });
  return { typeName, fields, embedded };
}

/** A struct behind a pointer, which may be nil. */
export function pointerTo(of: Shape): Container {
  return { container: 'pointer', of };
}

/** A slice of structs. */
export function listOf(of: Shape): Container {
  return { container: 'list', of };
}

/** A map to structs. */
export function mapOf(of: Shape): Container {
  return { container: 'map', of };
}

/** Turns decoded JSON into the struct that a Go program would have decoded it to. */
export function toStruct(value: GoValue, { typeName, fields, embedded }: Shape): GoStruct {
  const members = fields.map((field): [string, GoValue] => [field.name, toValue(memberOf(value, field), field.kind)]);
  return new GoStruct(typeName, new Map(members), () => encodeStruct(value, fields), [...embedded]);
}

function memberOf(value: GoValue, { key }: ShapeField): GoValue {
  // An embedded struct reads the same object.
  if (key === '') return value;
  return isGoMap(value) && Object.hasOwn(value, key) ? (value[key] ?? null) : null;
}

function toValue(value: GoValue, kind: ShapeKind): GoValue {
  if (kind === 'time') return goTimeStringOf(typeof value === 'string' ? value : ZERO_TIME);
  if (kind === 'duration') return formatGoDuration(typeof value === 'number' ? value : 0);
  if (typeof kind === 'string') return value ?? zeroOf(kind);
  if (!('container' in kind)) return toStruct(value, kind);
  if (kind.container === 'pointer') return value === null || value === undefined ? null : toStruct(value, kind.of);
  if (kind.container === 'list') return isGoList(value) ? value.map((item) => toStruct(item, kind.of)) : NIL_LIST;
  return isGoMap(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toStruct(item, kind.of)])) : NIL_MAP;
}

const ZERO_VALUES: Readonly<Record<Extract<ShapeKind, string>, GoValue>> = {
  string: '',
  bool: false,
  int: 0,
  time: ZERO_TIME,
  duration: 0,
  list: NIL_LIST,
  map: NIL_MAP,
  any: null,
};

function zeroOf(kind: Extract<ShapeKind, string>): GoValue {
  return ZERO_VALUES[kind];
}

/** JSON as Go writes the struct: all fields, those marked left out when empty, nil slices and maps as null. */
function encodeStruct(value: GoValue, fields: readonly ShapeField[]): string {
  return `{${encodeMembers(value, fields).join(',')}}`;
}

function encodeMembers(value: GoValue, fields: readonly ShapeField[]): readonly string[] {
  return fields.flatMap((field) => {
    if (field.key === '') return typeof field.kind === 'object' && 'fields' in field.kind ? encodeMembers(value, field.kind.fields) : [];
    const member = memberOf(value, field);
    if (field.omitsEmpty && isEmpty(member)) return [];
    return [`${encodeGoString(field.key)}:${encodeValue(member, field.kind)}`];
  });
}

function encodeValue(value: GoValue, kind: ShapeKind): string {
  if (typeof kind === 'string') {
    const isScalar = kind === 'string' || kind === 'bool' || kind === 'int' || kind === 'time' || kind === 'duration';
    return encodeGoJson(value ?? (isScalar ? zeroOf(kind) : null));
  }
  if (!('container' in kind)) return encodeStruct(value, kind.fields);
  if (value === null || value === undefined) return 'null';
  if (kind.container === 'list') return `[${isGoList(value) ? value.map((item) => encodeStruct(item, kind.of.fields)).join(',') : ''}]`;
  if (kind.container === 'pointer' || !isGoMap(value)) return encodeStruct(value, kind.of.fields);
  return `{${sortedKeys(value)
    .map((key) => `${encodeGoString(key)}:${encodeStruct(value[key], kind.of.fields)}`)
    .join(',')}}`;
}

function isEmpty(value: GoValue): boolean {
  if (isGoList(value)) return value.length === 0;
  if (isGoMap(value)) return Object.keys(value).length === 0;
  return value === null || value === undefined || value === '' || value === false || value === 0;
}
