import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { isErrno } from '../../base/errors.ts';
import { CommandError } from '../command-error.ts';
import { ContextStore, parseContext, TLS_FILES } from './context-store.ts';
import type { Readable } from 'node:stream';
import type { LocalCommandContext } from '../command.ts';
import type { TlsFiles } from './context-store.ts';

/** No context has a larger file. */
const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** Runs `pier context import`. */
export async function run({ args, settings }: LocalCommandContext): Promise<number> {
  const [name = '', source = ''] = args;
  const store = new ContextStore(settings.configDirectory);
  ContextStore.checkName(name);
  if (store.exists(name)) throw new CommandError(`context "${name}" already exists`);
  const { metadata, tls } = await readArchive(source === '-' ? process.stdin : createReadStream(source), source);
  // The archive's own name for it does not count.
  store.save({ ...parseContext(metadata, name), Name: name }, tls);
  process.stdout.write(`${name}\n`);
  process.stderr.write(`Successfully imported context "${name}"\n`);
  return 0;
}

/** Takes the files that a context has, and refuses an archive with any other. */
async function readArchive(input: Readable, path: string): Promise<{ readonly metadata: string; readonly tls: TlsFiles }> {
  let metadata: string | undefined;
  const tls = new Map<string, Buffer>();
  const archive = extract();
  const reading = pipeline(input, archive);
  // It fails for both readers of the archive: here for the second one.
  reading.catch(() => undefined);
  try {
    for await (const entry of archive) {
      const { name, type, size } = entry.header;
      if (size > MAX_FILE_BYTES) throw new CommandError(`${name}: file is too large`);
      const file = TLS_FILES.find((each) => name === `tls/docker/${each}`);
      if (type === 'directory') entry.resume();
      else if (name === 'meta.json') metadata = (await buffer(entry)).toString();
      else if (file !== undefined) tls.set(file, await buffer(entry));
      else throw new CommandError(`${name}: unexpected context file`);
    }
    await reading;
  } catch (error) {
    if (error instanceof CommandError) throw error;
    if (isErrno(error, 'ENOENT')) throw new CommandError(`open ${path}: no such file or directory`, 1, { cause: error });
    throw new CommandError(`Cannot read the context "${path}": not a tar archive, or only a part of one`, 1, { cause: error });
  }
  if (metadata === undefined) throw new CommandError('invalid context: no metadata found');
  return { metadata, tls };
}
