import { createWriteStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { isErrno } from '../../base/errors.ts';
import { CommandError } from '../command-error.ts';
import { ContextStore, DEFAULT_CONTEXT } from './context-store.ts';
import { defaultContext, defaultTlsFiles } from './endpoint.ts';
import type { LocalCommandContext } from '../command.ts';

/** Runs `pier context export`. */
export async function run({ args, settings }: LocalCommandContext): Promise<number> {
  const [name = '', target = `${name}.dockercontext`] = args;
  const store = new ContextStore(settings.configDirectory);
  const isDefault = name === DEFAULT_CONTEXT;
  const context = isDefault ? defaultContext(settings) : store.get(name);
  const files = isDefault ? defaultTlsFiles(settings) : store.tlsFiles(name);
  if (target === '-' && process.stdout.isTTY) {
    throw new CommandError('cowardly refusing to export to a terminal, specify a file path');
  }
  const archive = pack();
  const mtime = new Date(0);
  archive.entry({ name: 'meta.json', mode: 0o644, mtime }, JSON.stringify(context));
  archive.entry({ name: 'tls', type: 'directory', mode: 0o700, mtime });
  if (files.size > 0) {
    archive.entry({ name: 'tls/docker', type: 'directory', mode: 0o700, mtime });
    for (const [file, bytes] of files) archive.entry({ name: `tls/docker/${file}`, mode: 0o600, mtime }, bytes);
  }
  archive.finalize();
  if (target === '-') {
    process.stdout.write(await buffer(archive));
    return 0;
  }
  try {
    // A context may hold a private key.
    await pipeline(archive, createWriteStream(target, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw new CommandError(`open ${target}: file exists`, 1, { cause: error });
    throw error;
  }
  process.stderr.write(`Written file "${target}"\n`);
  return 0;
}
