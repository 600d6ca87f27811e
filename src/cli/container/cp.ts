import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import { ApiError } from '../../client/index.ts';
import { GO_MODE, hasGoMode } from '../../wire/index.ts';
import { CommandError } from '../command-error.ts';
import { humanSize } from '../format/human-size.ts';
import { writeRaw } from '../stream/write-raw.ts';
import { checkOutputPath, lookAtDestination, lookAtSource, packSource, unpackHere } from './cp/local-files.ts';
import { absolutePath, linkedPath, planCopy, rebased, splitArgument, splitEntry } from './cp/path-rules.ts';
import type { ContainerPathStat } from '../../wire/index.ts';
import type { Client } from '../../client/index.ts';
import type { CommandContext } from '../command.ts';
import type { CopySide } from './cp/path-rules.ts';

interface Copy {
  readonly client: Client;
  readonly container: string;
  readonly source: string;
  readonly destination: string;
  readonly followLink: boolean;
  readonly toUser: boolean;
  readonly isQuiet: boolean;
}

/** Runs `pier cp`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const [from = '', to = ''] = args;
  if (from === '') throw new CommandError('source can not be empty');
  if (to === '') throw new CommandError('destination can not be empty');
  const source = splitArgument(from);
  const destination = splitArgument(to);
  if (source.container !== '' && destination.container !== '') throw new CommandError('copying between containers is not supported');
  if (source.container === '' && destination.container === '') throw new CommandError('must specify at least one container source');
  const copy: Copy = {
    client,
    container: source.container || destination.container,
    source: source.path,
    destination: destination.path,
    followLink: flags.bool('follow-link'),
    toUser: flags.bool('archive'),
    isQuiet: flags.has('quiet') ? flags.bool('quiet') : !process.stdout.isTTY,
  };
  await (source.container === '' ? copyTo(copy) : copyFrom(copy));
  return 0;
}

async function copyFrom(copy: Copy): Promise<void> {
  const { client, container, isQuiet } = copy;
  const destination = copy.destination === '-' ? '-' : absolutePath(copy.destination);
  if (destination !== '-') checkOutputPath(destination);
  const source = copy.followLink ? await followInContainer(copy) : { path: copy.source, rebaseName: '' };
  const { stat, message } = await client.containers.getArchive(container, source.path);
  if (destination === '-') return await writeRaw(message, process.stdout);
  let count = 0;
  try {
    const side: CopySide = { ...source, exists: true, isDirectory: hasGoMode(stat.mode, GO_MODE.directory) };
    const plan = planCopy(side, lookAtDestination(destination));
    const sourceRename = source.rebaseName === '' ? undefined : { from: splitEntry(source.path).name, to: source.rebaseName };
    await unpackHere(message, plan, sourceRename, (length) => (count += length));
  } finally {
    message.destroy();
    if (!isQuiet) report(count, destination);
  }
}

async function followInContainer({ client, container, source }: Copy): Promise<{ path: string; rebaseName: string }> {
  const stat = await statIfThere(client, container, source);
  if (stat === undefined || !hasGoMode(stat.mode, GO_MODE.symlink)) return { path: source, rebaseName: '' };
  return rebased(source, linkedPath(source, stat.linkTarget));
}

async function copyTo(copy: Copy): Promise<void> {
  const { client, container, toUser } = copy;
  // The answer about the destination decides nothing that the source's absence would not.
  const destination = await lookInContainer(copy);
  if (copy.source === '-') {
    if (!destination.isDirectory) throw new CommandError(`destination "${container}:${copy.destination}" must be a directory`);
    await client.containers.putArchive(container, destination.path, process.stdin, { copyUIDGID: toUser || undefined });
    return;
  }
  const source = lookAtSource(absolutePath(copy.source), copy.followLink);
  const plan = planCopy(source, destination);
  let count = 0;
  const archive = counted(packSource(source, plan.rename), (length) => (count += length));
  try {
    await client.containers.putArchive(container, plan.directory, archive, { copyUIDGID: toUser || undefined });
  } finally {
    if (!copy.isQuiet) report(count, `${container}:${destination.path}`);
  }
}

/** What a path in the container is, links followed. What cannot be looked at is taken for absent. */
async function lookInContainer({ client, container, destination }: Copy): Promise<CopySide> {
  let path = destination;
  let stat = await statIfThere(client, container, path);
  if (stat !== undefined && hasGoMode(stat.mode, GO_MODE.symlink)) {
    path = linkedPath(path, stat.linkTarget);
    stat = await statIfThere(client, container, path);
  }
  if (stat !== undefined && hasGoMode(stat.mode, GO_MODE.device)) {
    throw new CommandError(`destination "${container}:${destination}" must be a directory or a regular file: got a device`);
  }
  return { path, exists: stat !== undefined, isDirectory: stat !== undefined && hasGoMode(stat.mode, GO_MODE.directory), rebaseName: '' };
}

async function statIfThere(client: Client, container: string, path: string): Promise<ContainerPathStat | undefined> {
  try {
    return await client.containers.statArchive(container, path);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

function counted(source: Readable, onBytes: (count: number) => void): Readable {
  const counter = new Transform({
    transform(chunk: Buffer, _, callback) {
      onBytes(chunk.length);
      callback(null, chunk);
    },
  });
  source.once('error', (error) => counter.destroy(error));
  return source.pipe(counter);
}

/** Docker says so even when the copy has failed half-way. */
function report(count: number, destination: string): void {
  process.stderr.write(`Successfully copied ${humanSize(count, 3)} to ${destination}\n`);
}
