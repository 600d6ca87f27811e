import { PierError } from '../base/errors.ts';

/** Settings of an IPC namespace. */
const IPC_SETTINGS: ReadonlySet<string> = new Set(
  'kernel.msgmax kernel.msgmnb kernel.msgmni kernel.sem kernel.shmall kernel.shmmax kernel.shmmni kernel.shm_rmid_forced'.split(' '),
);

/** Which namespaces a container has of its own. */
export interface OwnNamespaces {
  readonly network: boolean;
  readonly ipc: boolean;
  readonly uts: boolean;
}

/**
 * Refuses kernel settings that are not those of the container's own namespaces: they would change the machine.
 *
 * @throws {PierError} `InvalidArgument`, reason `container.sysctl-not-allowed`, facts `{ name, namespace }`: the one that is the host's,
 * `ipc` or `network`; empty for another, and for what belongs to none.
 */
export function checkSysctls(names: readonly string[], own: OwnNamespaces): void {
  for (const name of names) {
    if (isNamespaced(name, own)) continue;
    throw new PierError('InvalidArgument', `Cannot set sysctl "${name}": it is not the container's own`, {
      reason: 'container.sysctl-not-allowed',
      facts: { name, namespace: namespaceOf(name.replaceAll('/', '.')) },
    });
  }
}

/** Dots or slashes separate; a part of dots alone would lead out of /proc/sys. */
function isSetting(name: string): boolean {
  return /^[\w-]+([./][\w:@-]+)+$/.test(name);
}

function namespaceOf(name: string): string {
  if (!isSetting(name)) return '';
  if (name.startsWith('net.')) return 'network';
  return name.startsWith('fs.mqueue.') || IPC_SETTINGS.has(name) ? 'ipc' : '';
}

function isNamespaced(name: string, own: OwnNamespaces): boolean {
  if (!isSetting(name)) return false;
  const dotted = name.replaceAll('/', '.');
  if (dotted.startsWith('net.')) return own.network;
  if (dotted.startsWith('fs.mqueue.') || IPC_SETTINGS.has(dotted)) return own.ipc;
  return (dotted === 'kernel.domainname' || dotted === 'kernel.hostname') && own.uts;
}
