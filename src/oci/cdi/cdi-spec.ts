/**
 * Container Device Interface: files in which vendors say what a container needs for a device of theirs.
 *
 * @see https://github.com/cncf-tags/container-device-interface/blob/main/SPEC.md
 * @module
 */
import { PierError } from '../../base/errors.ts';

/** A node in the container's /dev. What is missing is that of the host's node. */
export interface CdiDeviceNode {
  readonly path: string;
  readonly hostPath?: string;
  readonly type?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly fileMode?: number;
  readonly permissions?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** Something of the host's to see in the container. */
export interface CdiMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly type?: string;
  readonly options?: readonly string[];
}

/** A program that the runtime runs on the host, at one of the places of a container's life. */
export interface CdiHook {
  readonly hookName: string;
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Seconds. */
  readonly timeout?: number;
}

/** What is added to a container. */
export interface CdiEdits {
  readonly env?: readonly string[];
  readonly deviceNodes?: readonly CdiDeviceNode[];
  readonly mounts?: readonly CdiMount[];
  readonly hooks?: readonly CdiHook[];
  readonly additionalGids?: readonly number[];
}

/** One file: devices of one kind. */
export interface CdiSpec {
  /** `vendor.com/class` */
  readonly kind: string;
  /** For every device. */
  readonly containerEdits?: CdiEdits;
  readonly devices: readonly { readonly name: string; readonly containerEdits?: CdiEdits }[];
}

type Shape =
  | 'string'
  | 'number'
  | 'map'
  | { readonly items: Shape }
  | { readonly fields: Readonly<Record<string, Shape>>; readonly needed: readonly string[] };

const STRINGS: Shape = { items: 'string' };
const EDITS: Shape = {
  needed: [],
  fields: {
    env: STRINGS,
    deviceNodes: {
      items: {
        needed: ['path'],
        fields: {
          path: 'string',
          hostPath: 'string',
          type: 'string',
          major: 'number',
          minor: 'number',
          fileMode: 'number',
          permissions: 'string',
          uid: 'number',
          gid: 'number',
        },
      },
    },
    mounts: {
      items: {
        needed: ['hostPath', 'containerPath'],
        fields: { hostPath: 'string', containerPath: 'string', type: 'string', options: STRINGS },
      },
    },
    hooks: {
      items: {
        needed: ['hookName', 'path'],
        fields: { hookName: 'string', path: 'string', args: STRINGS, env: STRINGS, timeout: 'number' },
      },
    },
    additionalGids: { items: 'number' },
  },
};
const SPEC: Shape = {
  needed: ['cdiVersion', 'kind', 'devices'],
  fields: {
    cdiVersion: 'string',
    kind: 'string',
    annotations: 'map',
    containerEdits: EDITS,
    devices: { items: { needed: ['name'], fields: { name: 'string', annotations: 'map', containerEdits: EDITS } } },
  },
};

const KIND = /^[A-Za-z][\w.-]*[A-Za-z0-9]\/[A-Za-z](?:[\w-]*[A-Za-z0-9])?$/;
const DEVICE = /^[A-Za-z0-9](?:[\w.:-]*[A-Za-z0-9])?$/;
const HOOKS: ReadonlySet<string> = new Set(['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop']);
/** What this knows of; a file of a later version may mean something that it has no words for. */
const VERSION = /^v?(?:0\.[3-8]|1\.[0-1])\.0$/;

/**
 * Checks what a file holds. What is not known is refused: a device without half of what it needs is worse than none.
 *
 * @throws {PierError} `InvalidArgument`.
 */
export function checkCdiSpec(value: unknown): CdiSpec {
  check(value, SPEC, 'it');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its shape has been checked
  const spec = value as CdiSpec & { readonly cdiVersion: string };
  if (!VERSION.test(spec.cdiVersion)) throw invalid(`its version is "${spec.cdiVersion}"`);
  if (!KIND.test(spec.kind)) throw invalid(`its kind is "${spec.kind}"`);
  if (spec.devices.length === 0) throw invalid('it has no device');
  for (const { name } of spec.devices) if (!DEVICE.test(name)) throw invalid(`a device of it is called "${name}"`);
  for (const { containerEdits } of [spec, ...spec.devices]) {
    for (const { hookName } of containerEdits?.hooks ?? []) if (!HOOKS.has(hookName)) throw invalid(`it has a hook "${hookName}"`);
    for (const text of containerEdits?.env ?? []) if (!/^[^=]+=/.test(text)) throw invalid(`it has a variable "${text}"`);
  }
  return spec;
}

function check(value: unknown, shape: Shape, where: string): void {
  if (shape === 'string' || shape === 'number') {
    const isRight = shape === 'string' ? typeof value === 'string' : Number.isSafeInteger(value);
    if (!isRight) throw invalid(`${where} is not a ${shape}`);
  } else if (shape === 'map') {
    if (!isObject(value)) throw invalid(`${where} is not a map`);
  } else if ('items' in shape) {
    if (!Array.isArray(value)) throw invalid(`${where} is not a list`);
    for (const item of value) check(item, shape.items, `an item of ${where}`);
  } else {
    if (!isObject(value)) throw invalid(`${where} is not an object`);
    for (const name of shape.needed) if (!Object.hasOwn(value, name)) throw invalid(`${where} has no "${name}"`);
    for (const [name, field] of Object.entries(value)) {
      const kind = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
      if (kind === undefined) throw invalid(`${where} has a field "${name}"`);
      if (field !== null) check(field, kind, `"${name}"`);
    }
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(problem: string): PierError {
  return new PierError('InvalidArgument', `Cannot use CDI file: ${problem}`);
}
