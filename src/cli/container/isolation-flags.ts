import type { HostConfig, Loose } from '../../wire/index.ts';
import type { FlagDefinition } from '../command.ts';
import { CommandError } from '../command-error.ts';
import type { FlagValues } from '../flag-values.ts';

/** Flags of `run` and `create` that say what a container shares with the machine and with others. */
export const ISOLATION_FLAGS: readonly FlagDefinition[] = [
  { long: 'cgroupns', kind: 'string', description: 'Cgroup namespace to use (host|private)' },
  { long: 'ipc', kind: 'string', description: 'IPC mode to use (none|private|shareable|host|container:NAME)' },
  { long: 'isolation', kind: 'string', description: 'Container isolation technology' },
  { long: 'pid', kind: 'string', description: 'PID namespace to use (host|container:NAME)' },
  { long: 'storage-opt', kind: 'list', description: 'Storage driver options for the container' },
  { long: 'userns', kind: 'string', description: 'User namespace to use (host)' },
  { long: 'uts', kind: 'string', description: 'UTS namespace to use (host)' },
];

/**
 * What flags of {@linkcode ISOLATION_FLAGS} ask for. The daemon judges IPC modes and isolation technologies.
 *
 * @throws {CommandError} With exit code 125, in Docker's words.
 */
export function isolationOf(flags: FlagValues): Loose<HostConfig> {
  const pid = flags.string('pid');
  require(pid === '' || pid === 'host' || /^container:./s.test(pid), '--pid: invalid PID mode');
  const uts = flags.string('uts');
  require(uts === '' || uts === 'host', '--uts: invalid UTS mode');
  const userns = flags.string('userns');
  require(userns === '' || userns === 'host', '--userns: invalid USER mode');
  const cgroupns = flags.string('cgroupns');
  require(['', 'host', 'private'].includes(cgroupns), '--cgroupns: invalid CGROUP mode');
  return {
    CgroupnsMode: cgroupns,
    IpcMode: flags.string('ipc'),
    Isolation: flags.string('isolation'),
    PidMode: pid,
    ...(flags.has('storage-opt') && { StorageOpt: storageOptions(flags.list('storage-opt')) }),
    UsernsMode: userns,
    UTSMode: uts,
  };
}

function storageOptions(items: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    items.map((item) => {
      const split = item.indexOf('=');
      require(split !== -1, 'invalid storage option');
      return [item.slice(0, split), item.slice(split + 1)];
    }),
  );
}

function require(isRight: boolean, message: string): void {
  if (!isRight) throw new CommandError(message, 125, { hint: true });
}
