import { PierError } from '../../base/errors.ts';
import { ApiError, readJsonLines } from '../../client/index.ts';
import type { Client } from '../../client/index.ts';
import type { ContainerCreateRequest, JsonMessage } from '../../wire/index.ts';
import { CommandError } from '../command-error.ts';
import type { FlagValues } from '../flag-values.ts';
import { IdFile } from './id-file.ts';
import { parseTypedReference } from '../image/reference.ts';
import { parseTypedPlatform } from '../image/platform-query.ts';

/** What the daemon says of an image that it has not got, or not for the platform that is asked for. */
const MISSING_IMAGE = /no such image|^image with reference .* was found but/i;

/**
 * Makes a container, fetching its image first where `--pull` asks for it.
 *
 * @returns Its id.
 * @throws {IdFileError} If `--cidfile` cannot be had.
 * @throws {ApiError} If the daemon refuses to make it or to fetch the image.
 */
export async function createContainer(client: Client, flags: FlagValues, request: ContainerCreateRequest): Promise<string> {
  const pull = flags.string('pull');
  if (!['always', 'missing', 'never', ''].includes(pull)) {
    const message = `invalid pull option: '${pull}': must be one of "always", "missing" or "never"`;
    throw new CommandError(message, 125, { hint: true });
  }
  using idFile = new IdFile(flags.string('cidfile'));
  const platform = flags.string('platform');
  if (platform !== '') requireReadable(platform);
  const image = request.Image ?? '';
  requireReference(image);
  if (pull === 'always') await pullImage(client, image, platform, flags.bool('quiet'));
  const { Id, Warnings } = await createOrPull(client, flags, request, pull);
  for (const warning of Warnings ?? []) process.stderr.write(`WARNING: ${warning}\n`);
  idFile.write(Id);
  return Id;
}

function requireReference(image: string): void {
  try {
    if (!/^[0-9a-f]{64}$/.test(image)) parseTypedReference(image);
  } catch (error) {
    throw plainFailure(error);
  }
}

/** One for which `run` exits with 125, and `create` with 1. */
function plainFailure(error: unknown): unknown {
  return error instanceof CommandError ? new PierError('InvalidArgument', error.message, { cause: error }) : error;
}

function requireReadable(platform: string): void {
  try {
    parseTypedPlatform(platform, 'error parsing specified platform');
  } catch (error) {
    throw plainFailure(error);
  }
}

async function createOrPull(
  client: Client,
  flags: FlagValues,
  request: ContainerCreateRequest,
  pull: string,
): ReturnType<Client['containers']['create']> {
  const create = (): ReturnType<Client['containers']['create']> =>
    client.containers.create(request, flags.string('name'), flags.string('platform'));
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404 || pull !== 'missing' || !MISSING_IMAGE.test(error.message)) throw error;
    const image = request.Image ?? '';
    if (!flags.bool('quiet')) process.stderr.write(`Unable to find image '${withTag(image)}' locally\n`);
    await pullImage(client, image, flags.string('platform'), flags.bool('quiet'));
    return await create();
  }
}

async function pullImage(client: Client, image: string, platform: string, isQuiet: boolean): Promise<void> {
  const [name, tag] = splitReference(withTag(image));
  const stream = await client.open({
    method: 'POST',
    path: '/images/create',
    query: { fromImage: name, tag, platform: platform || undefined },
  });
  for await (const { error, status, id, progressDetail } of readJsonLines<JsonMessage>(stream)) {
    if (error !== undefined) throw new ApiError(500, error);
    const isStep = progressDetail?.current === undefined;
    if (!isQuiet && isStep && status !== undefined) process.stderr.write(id === undefined ? `${status}\n` : `${id}: ${status}\n`);
  }
}

/** The reference with the tag that is meant when none is said. */
function withTag(image: string): string {
  return image.includes('@') || /:[^/]*$/.test(image) ? image : `${image}:latest`;
}

/** Name and tag, or name and digest. */
function splitReference(reference: string): [string, string] {
  const at = reference.indexOf('@');
  const split = at === -1 ? reference.lastIndexOf(':') : at;
  return [reference.slice(0, split), reference.slice(split + 1)];
}
