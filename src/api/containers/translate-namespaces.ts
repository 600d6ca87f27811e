import type { ContainerCreateRequest, HostConfig, Loose } from '../../wire/index.ts';
import type { ContainerSpec, OtherContainer } from '../backend.ts';
import { dockerError } from '../errors.ts';

type NamespaceFields = 'pidMode' | 'ipcMode' | 'utsMode' | 'cgroupnsMode';

/**
 * Whose namespaces a container wants.
 *
 * @throws {PierError} `InvalidArgument` in Docker's words.
 */
export function translateNamespaces(config: ContainerCreateRequest, host: Loose<HostConfig>): Pick<ContainerSpec, NamespaceFields> {
  const utsMode = translateUts(host.UTSMode ?? '');
  if (utsMode === 'host' && (config.Hostname ?? '') !== '') {
    throw dockerError('InvalidArgument', 'conflicting options: hostname and the UTS mode');
  }
  return {
    pidMode: translatePid(host.PidMode ?? ''),
    ipcMode: translateIpc(host.IpcMode ?? ''),
    utsMode,
    cgroupnsMode: translateCgroup(host.CgroupnsMode ?? ''),
  };
}

function translatePid(mode: string): ContainerSpec['pidMode'] {
  if (mode === '') return 'private';
  if (mode === 'host') return mode;
  if (isOther(mode) && mode !== 'container:') return mode;
  throw dockerError('InvalidArgument', `invalid PID mode: ${mode}`);
}

function translateIpc(mode: string): ContainerSpec['ipcMode'] {
  switch (mode) {
    case '':
      return 'private';
    case 'private':
    case 'shareable':
    case 'none':
    case 'host':
      return mode;
    default:
      // One without a name fails at its start.
      if (isOther(mode)) return mode;
      throw dockerError('InvalidArgument', `invalid IPC mode: ${mode}`);
  }
}

function translateUts(mode: string): ContainerSpec['utsMode'] {
  if (mode === '' || mode === 'host') return mode === '' ? 'private' : 'host';
  throw dockerError('InvalidArgument', `invalid UTS mode: ${mode}`);
}

function translateCgroup(mode: string): ContainerSpec['cgroupnsMode'] {
  if (mode === '') return 'default';
  if (mode === 'private' || mode === 'host') return mode;
  throw dockerError('InvalidArgument', `invalid cgroup namespace mode: ${mode}`);
}

function isOther(mode: string): mode is OtherContainer {
  return mode.startsWith('container:');
}
