import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { PierError } from '../base/errors.ts';
import type { ListenTarget } from '../api/index.ts';

/** The first descriptor that systemd hands over. sd_listen_fds(3). */
const FIRST_FD = 3;

/** Owns unix sockets where no other group is named, as it does Docker's. */
const DEFAULT_GROUP = 'docker';

/**
 * The sockets that addresses stand for.
 *
 * @param hosts `unix:///path`, or `fd://` for those that systemd opened.
 * @param group Owner of unix sockets; the group `docker`, if there is one, when `undefined`.
 * @throws {PierError} `InvalidArgument` for an address that cannot be used or a group that does not exist; `NotImplemented` for TCP.
 */
export function listenTargets(hosts: readonly string[], group: string | undefined): readonly ListenTarget[] {
  const gid = socketGroup(group);
  return hosts.flatMap((host): readonly ListenTarget[] => {
    if (host.startsWith('fd://')) return inheritedSockets(host);
    if (host.startsWith('tcp://')) {
      throw new PierError('NotImplemented', `Cannot listen on "${host}": TCP needs TLS, which is not supported yet; use unix:// and ssh`);
    }
    const path = host.startsWith('unix://') ? host.slice('unix://'.length) : host;
    if (!isAbsolute(path))
      throw new PierError('InvalidArgument', `Cannot listen on "${host}": expected unix:// and an absolute path, or fd://`);
    return [{ socketPath: path, gid }];
  });
}

function inheritedSockets(host: string): readonly ListenTarget[] {
  if (host !== 'fd://' && host !== 'fd://*') {
    throw new PierError('InvalidArgument', `Cannot listen on "${host}": single descriptors are not supported, use fd://`);
  }
  const count = Number(process.env['LISTEN_FDS'] ?? 0);
  if (process.env['LISTEN_PID'] !== String(process.pid) || !(count > 0)) {
    throw new PierError('InvalidArgument', `Cannot listen on "${host}": no sockets were handed over by systemd`);
  }
  return Array.from({ length: count }, (_, index) => ({ fd: FIRST_FD + index }));
}

function socketGroup(group: string | undefined): number {
  if (group !== undefined && /^\d+$/.test(group)) return Number(group);
  const gid = findGroup(group ?? DEFAULT_GROUP);
  if (gid !== undefined) return gid;
  if (group === undefined) return 0;
  throw new PierError('InvalidArgument', `Cannot give sockets to group "${group}": there is no such group`);
}

function findGroup(name: string): number | undefined {
  for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
    const [found, , gid] = line.split(':');
    if (found === name && gid !== undefined) return Number(gid);
  }
  return undefined;
}
