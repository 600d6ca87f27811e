/**
 * Seccomp profiles as people write them: JSON in Docker's format. They come from anywhere, so all of it is checked.
 *
 * @module
 */
import { PierError } from '../base/errors.ts';
import type { SeccompArgument } from '../linux/index.ts';

/** When a rule of a profile counts. */
export interface WrittenCondition {
  readonly arches?: readonly string[] | null;
  readonly caps?: readonly string[] | null;
  readonly minKernel?: string | null;
}

/** A rule as it is written: the names of actions and operators are not checked yet. */
export interface WrittenRule {
  /** The older spelling of one name. */
  readonly name?: string | null;
  readonly names?: readonly string[] | null;
  readonly action?: string | null;
  readonly errnoRet?: number | null;
  readonly args?: readonly (Partial<Omit<SeccompArgument, 'op'>> & { readonly op?: string })[] | null;
  readonly includes?: WrittenCondition | null;
  readonly excludes?: WrittenCondition | null;
}

/** A profile whose fields are of their types; nothing more is certain. */
export interface WrittenProfile {
  readonly defaultAction?: string | null;
  readonly defaultErrnoRet?: number | null;
  readonly architectures?: readonly string[] | null;
  readonly archMap?: readonly { readonly architecture?: string | null; readonly subArchitectures?: readonly string[] | null }[] | null;
  readonly flags?: readonly string[] | null;
  readonly listenerPath?: string | null;
  readonly syscalls?: readonly (WrittenRule | null)[] | null;
}

type Shape = 'string' | 'unsigned' | 'version' | { readonly items: Shape } | { readonly fields: Readonly<Record<string, Shape>> };

const STRINGS: Shape = { items: 'string' };
const CONDITION: Shape = { fields: { caps: STRINGS, arches: STRINGS, minKernel: 'version' } };
const ARGUMENT: Shape = { fields: { index: 'unsigned', value: 'unsigned', valueTwo: 'unsigned', op: 'string' } };
const RULE: Shape = {
  fields: {
    name: 'string',
    names: STRINGS,
    action: 'string',
    errnoRet: 'unsigned',
    args: { items: ARGUMENT },
    comment: 'string',
    includes: CONDITION,
    excludes: CONDITION,
  },
};
const PROFILE: Shape = {
  fields: {
    defaultAction: 'string',
    defaultErrnoRet: 'unsigned',
    architectures: STRINGS,
    archMap: { items: { fields: { architecture: 'string', subArchitectures: STRINGS } } },
    flags: STRINGS,
    listenerPath: 'string',
    listenerMetadata: 'string',
    syscalls: { items: RULE },
  },
};

/**
 * Reads a profile. Numbers too large for this language's own become bigints.
 *
 * @throws {PierError} `InvalidArgument`, reasons `seccomp.bad-json` (facts `{ character }`, empty at the end of the text),
 * `seccomp.bad-type` (facts `{ field, found, value }`: a path such as `syscalls.0.names`, empty for the whole; the kind of JSON found;
 * a number's text if the kind is right), `seccomp.bad-kernel` (facts `{ version, problem }`).
 */
export function readSeccompProfile(text: string): WrittenProfile {
  const profile = parse(text);
  check(profile, PROFILE, '');
  return profile ?? {};
}

// In Node since 21, in TypeScript's library not yet.
declare global {
  interface JSON {
    parse(text: string, reviver: (key: string, value: unknown, context: { readonly source: string }) => unknown): unknown;
  }
}

function exactInteger(_: string, value: unknown, context: { readonly source: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^\d{1,20}$/.test(context.source) ? BigInt(context.source) : value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text, exactInteger);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = /at position (\d+)/.exec(message)?.[1];
    const character = position === undefined ? /Unexpected token '(.)'/u.exec(message)?.[1] : text[Number(position)];
    throw new PierError('InvalidArgument', `Cannot read seccomp profile: ${message}`, {
      cause: error,
      reason: 'seccomp.bad-json',
      facts: { character: character ?? '' },
    });
  }
}

function check(value: unknown, shape: Shape, field: string): void {
  if (value === null || value === undefined) return;
  if (shape === 'unsigned') checkUnsigned(value, field);
  else if (shape === 'version') checkVersion(value);
  else if (shape === 'string') {
    if (typeof value !== 'string') throw badType(value, field);
  } else if ('items' in shape) {
    if (!Array.isArray(value)) throw badType(value, field);
    for (const [index, item] of value.entries()) check(item, shape.items, join(field, String(index)));
  } else {
    if (typeof value !== 'object' || Array.isArray(value)) throw badType(value, field);
    const fields = new Map(Object.entries(value));
    for (const [name, kind] of Object.entries(shape.fields)) check(fields.get(name), kind, join(field, name));
  }
}

function join(field: string, name: string): string {
  return field === '' ? name : `${field}.${name}`;
}

function checkUnsigned(value: unknown, field: string): void {
  if (typeof value === 'bigint' && value < 2n ** 64n) return;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return;
  throw badType(value, field, typeof value === 'number' || typeof value === 'bigint' ? String(value) : '');
}

function checkVersion(value: unknown): void {
  const isText = typeof value === 'string';
  const [, major = '', minor = ''] = (isText ? /^(\d+)\.(\d+)$/.exec(value) : null) ?? [];
  if (major !== '' && (Number(major) > 0 || Number(minor) > 0)) return;
  const version = isText ? JSON.stringify(value) : String(value);
  throw new PierError('InvalidArgument', `Cannot read seccomp profile: ${version} is no version of a kernel`, {
    reason: 'seccomp.bad-kernel',
    facts: { version, problem: major === '' ? (isText ? 'format' : 'type') : 'zero' },
  });
}

function badType(value: unknown, field: string, number = ''): PierError {
  const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value === 'bigint' ? 'number' : typeof value;
  return new PierError('InvalidArgument', `Cannot read seccomp profile: ${field === '' ? 'it' : `"${field}"`} is of type ${found}`, {
    reason: 'seccomp.bad-type',
    facts: { field, found, value: number },
  });
}
