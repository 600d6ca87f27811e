import type { HostConfig, Loose } from '../../wire/index.ts';
import type { ContainerSpec } from '../backend.ts';
import { dockerError } from '../errors.ts';

type OptionFields = 'noNewPrivileges' | 'seccomp' | 'appArmorProfile' | 'hasWritableCgroups';
type SecurityFields =
  | OptionFields
  | 'isPrivileged'
  | 'isRootfsReadOnly'
  | 'capAdd'
  | 'capDrop'
  | 'maskedPaths'
  | 'readonlyPaths'
  | 'asWritten';

/**
 * What keeps a container in bounds.
 *
 * @throws {PierError} `Internal` (as with Docker) in Docker's words, for options that there are none of.
 */
export function translateSecurity(host: Loose<HostConfig>): Pick<ContainerSpec, SecurityFields> {
  const isolation = host.Isolation ?? '';
  if (isolation !== '' && isolation.toLowerCase() !== 'default') {
    throw dockerError('InvalidArgument', `invalid isolation (${isolation}): linux only supports 'default'`);
  }
  return {
    isPrivileged: host.Privileged ?? false,
    isRootfsReadOnly: host.ReadonlyRootfs ?? false,
    capAdd: host.CapAdd ?? [],
    capDrop: host.CapDrop ?? [],
    maskedPaths: host.MaskedPaths ?? undefined,
    readonlyPaths: host.ReadonlyPaths ?? undefined,
    ...readOptions(host.SecurityOpt ?? []),
    asWritten: {
      securityOptions: writtenOptions(host),
      usernsMode: host.UsernsMode ?? '',
      isolation,
      cgroup: host.Cgroup ?? '',
    },
  };
}

/** Docker writes down that SELinux labels are off where they would be in the way. */
function writtenOptions(host: Loose<HostConfig>): readonly string[] | undefined {
  const options = host.SecurityOpt ?? undefined;
  const isWide = host.Privileged === true || host.IpcMode === 'host' || host.PidMode === 'host';
  if (!isWide || options?.some((option) => option.split('=', 1)[0] === 'label') === true) return options;
  return [...(options ?? []), 'label=disable'];
}

function readOptions(options: readonly string[]): Pick<ContainerSpec, OptionFields> {
  const found: { -readonly [Field in OptionFields]: ContainerSpec[Field] } = {
    noNewPrivileges: false,
    seccomp: 'default',
    appArmorProfile: '',
    hasWritableCgroups: false,
  };
  for (const option of options) {
    if (option === 'no-new-privileges') found.noNewPrivileges = true;
    else if (option === 'writable-cgroups') found.hasWritableCgroups = true;
    // Of SELinux, which no kernel of pier's asks about.
    else if (option !== 'disable') readOption(option, found);
  }
  return found;
}

function readOption(option: string, found: { -readonly [Field in OptionFields]: ContainerSpec[Field] }): void {
  // A colon is the older spelling.
  const split = option.includes('=') ? option.indexOf('=') : option.indexOf(':');
  if (split === -1) throw dockerError('Internal', `invalid --security-opt 1: ${JSON.stringify(option)}`);
  const value = option.slice(split + 1);
  switch (option.slice(0, split)) {
    case 'label':
      return;
    case 'apparmor':
      found.appArmorProfile = value;
      return;
    case 'seccomp':
      found.seccomp = value === '' || value === 'builtin' ? 'default' : value === 'unconfined' ? value : { profile: value };
      return;
    case 'no-new-privileges':
      found.noNewPrivileges = readBoolean(value, option);
      return;
    case 'writable-cgroups':
      found.hasWritableCgroups = readBoolean(value, option);
      return;
    default:
      throw dockerError('Internal', `invalid --security-opt 2: ${JSON.stringify(option)}`);
  }
}

/** The words of Go's `ParseBool`. */
function readBoolean(word: string, option: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(word)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(word)) return false;
  throw dockerError('Internal', `invalid --security-opt 2: ${JSON.stringify(option)}`);
}

/**
 * Refuses a limit for what a container writes: it takes quotas of projects, which need another file system.
 *
 * @throws {PierError} `Internal` (as with Docker) in Docker's words.
 */
export function refuseStorageOptions(options: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(options)) {
    if (name.toLowerCase() !== 'size') throw dockerError('Internal', `Unknown option ${name}`);
    throw dockerError('Internal', "--storage-opt is supported only for overlay over xfs with 'pquota' mount option");
  }
}
