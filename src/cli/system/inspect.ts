import { hasCode } from '../../base/errors.ts';
import { CommandError } from '../command-error.ts';
import { describeError } from '../describe-error.ts';
import { CONTAINER_SHAPE } from '../format/container-shape.ts';
import { IMAGE_SHAPE } from '../format/image-shape.ts';
import { inspectAll } from '../format/inspect.ts';
import { NETWORK_SHAPE } from '../format/network-shape.ts';
import { imagePath } from '../image/image-path.ts';
import type { Client } from '../../client/index.ts';
import type { CommandContext } from '../command.ts';
import type { Inspected } from '../format/inspect.ts';

const DOCKER_TYPES = ['config', 'container', 'image', 'network', 'node', 'plugin', 'secret', 'service', 'task', 'volume'];

/** Kinds of objects that pier has, in the order in which a name is looked for. */
const OBJECT_TYPES = ['container', 'image', 'network'] as const;

type ObjectType = (typeof OBJECT_TYPES)[number];

/** Runs `pier inspect`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const types = flags.has('type') ? [parseType(flags.string('type'))] : OBJECT_TYPES;
  const withSize = flags.bool('size');
  const fetchOne = async (name: string): Promise<Inspected> => {
    for (const type of types) {
      try {
        const found = await fetchObject(client, type, name, withSize);
        if (withSize && type !== 'container') process.stderr.write(`WARNING: --size ignored for ${type}\n`);
        return found;
      } catch (error) {
        if (types.length === 1 || !hasCode(error, 'NotFound')) throw error;
      }
    }
    throw new CommandError(`Error: No such object: ${name}`);
  };
  return await inspectAll(args, flags.string('format'), fetchOne, describeError);
}

function parseType(text: string): ObjectType {
  const known = OBJECT_TYPES.find((type) => type === text);
  if (known !== undefined) return known;
  if (DOCKER_TYPES.includes(text)) throw new CommandError(`--type ${text} is not supported yet`);
  if (text === '')
    throw new CommandError(
      'type is empty: must be one of "config", "container", "image", "network", "node", "plugin", "secret", "service", "task", "volume"',
    );
  throw new CommandError(
    `unknown type: ${JSON.stringify(text)}: must be one of ${DOCKER_TYPES.map((type) => JSON.stringify(type)).join(', ')}`,
  );
}

async function fetchObject(client: Client, type: ObjectType, name: string, withSize: boolean): Promise<Inspected> {
  if (name === '') throw new CommandError('invalid container name or ID: value is empty');
  const id = encodeURIComponent(name);
  if (type === 'image') return { value: await client.json<unknown>({ method: 'GET', path: imagePath(name, '/json') }), shape: IMAGE_SHAPE };
  if (type === 'network') return { value: await client.json<unknown>({ method: 'GET', path: `/networks/${id}` }), shape: NETWORK_SHAPE };
  const query = { size: withSize ? '1' : undefined };
  return { value: await client.json<unknown>({ method: 'GET', path: `/containers/${id}/json`, query }), shape: CONTAINER_SHAPE };
}
