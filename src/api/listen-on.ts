import { lstatSync, unlinkSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { PierError, codeOfErrno, isErrno } from '../base/errors.ts';

/** Where an API listens: a unix socket to make, or a listening descriptor that was inherited. */
export type ListenTarget =
  | {
      readonly socketPath: string;
      /** Owner group of the socket, 0 for root's. */
      readonly gid?: number;
    }
  | { readonly fd: number };

/** Owner and group may talk to the engine, which is as good as being root. */
const SOCKET_MODE = 0o660;

/**
 * Makes a server listen. A socket that a dead process left behind is replaced; one that somebody answers on is not.
 *
 * @throws {PierError} `AlreadyExists` if somebody answers on the socket or another kind of file is in its place; codes of the kernel's errors.
 */
export async function listenOn(server: Server, target: ListenTarget): Promise<void> {
  if ('fd' in target) {
    await listen(server, target);
    return;
  }
  const { socketPath, gid = 0 } = target;
  try {
    await removeStaleSocket(socketPath);
    // bind(2) happens inside the call, so nobody else can connect before the mode is right.
    const umask = process.umask(0o777 & ~SOCKET_MODE);
    const listening = listen(server, { path: socketPath });
    process.umask(umask);
    await listening;
    await chmod(socketPath, SOCKET_MODE);
    await chown(socketPath, 0, gid);
  } catch (error) {
    if (error instanceof PierError) throw error;
    const errno = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new PierError(codeOfErrno(errno), `Cannot listen on "${socketPath}": ${errno}`, { cause: error });
  }
}

async function listen(server: Server, options: { readonly path: string } | { readonly fd: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

async function removeStaleSocket(path: string): Promise<void> {
  try {
    if (!lstatSync(path).isSocket()) throw new PierError('AlreadyExists', `Cannot listen on "${path}": it exists and is no socket`);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  if (await answers(path)) throw new PierError('AlreadyExists', `Cannot listen on "${path}": another process answers on it`);
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Refused: nobody listens. Anything else (a full backlog, no permission) is no proof that it is stale.
    probe.once('error', (error) => resolve(!isErrno(error, 'ECONNREFUSED') && !isErrno(error, 'ENOENT')));
  });
}
