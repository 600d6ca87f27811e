import type { FlagDefinition } from '../command.ts';
import { ISOLATION_FLAGS } from './isolation-flags.ts';
import { complaintAboutSize, RESOURCE_FLAGS } from './resource-flags.ts';
import { complaintAboutVariable } from '../key-value-files.ts';

/** Flags of `run` and `create` that say what the container is. */
export const CREATE_FLAGS: readonly FlagDefinition[] = [
  ...ISOLATION_FLAGS,
  ...RESOURCE_FLAGS,
  {
    long: 'annotation',
    kind: 'list',
    valueName: 'map',
    description: 'Add an annotation to the container (passed through to the OCI runtime)',
  },
  { long: 'domainname', kind: 'string', description: 'Container NIS domain name' },
  { long: 'group-add', kind: 'list', description: 'Add additional groups to join' },
  { long: 'sysctl', kind: 'list', valueName: 'map', description: 'Sysctl options' },
  { long: 'attach', short: 'a', kind: 'list', description: 'Attach to STDIN, STDOUT or STDERR' },
  { long: 'cap-add', kind: 'list', description: 'Add Linux capabilities' },
  { long: 'cap-drop', kind: 'list', description: 'Drop Linux capabilities' },
  { long: 'cidfile', kind: 'string', description: 'Write the container ID to the file' },
  { long: 'entrypoint', kind: 'string', description: 'Overwrite the default ENTRYPOINT of the image' },
  { long: 'env', short: 'e', kind: 'list', check: complaintAboutVariable, description: 'Set environment variables' },
  { long: 'env-file', kind: 'list', description: 'Read in a file of environment variables' },
  { long: 'health-cmd', kind: 'string', description: 'Command to run to check health' },
  {
    long: 'health-interval',
    kind: 'duration',
    shownDefault: '0s',
    description: 'Time between running the check (ms|s|m|h)',
  },
  { long: 'health-retries', kind: 'int', description: 'Consecutive failures needed to report unhealthy' },
  {
    long: 'health-start-interval',
    kind: 'duration',
    shownDefault: '0s',
    description: 'Time between running the check during the start period (ms|s|m|h)',
  },
  {
    long: 'health-start-period',
    kind: 'duration',
    shownDefault: '0s',
    description: 'Start period for the container to initialize before starting health-retries countdown (ms|s|m|h)',
  },
  {
    long: 'health-timeout',
    kind: 'duration',
    shownDefault: '0s',
    description: 'Maximum time to allow one check to run (ms|s|m|h)',
  },
  { long: 'hostname', short: 'h', kind: 'string', description: 'Container host name' },
  { long: 'init', kind: 'bool', description: 'Run an init inside the container that forwards signals and reaps processes' },
  { long: 'interactive', short: 'i', kind: 'bool', description: 'Keep STDIN open even if not attached' },
  { long: 'label', short: 'l', kind: 'list', description: 'Set meta data on a container' },
  { long: 'label-file', kind: 'list', description: 'Read in a line delimited file of labels' },
  { long: 'log-driver', kind: 'string', description: 'Logging driver for the container' },
  { long: 'log-opt', kind: 'list', description: 'Log driver options' },
  { long: 'name', kind: 'string', description: 'Assign a name to the container' },
  { long: 'network', kind: 'string', valueName: 'network', description: 'Connect a container to a network (none, host or bridge)' },
  { long: 'net', kind: 'string', hidden: true, description: 'Connect a container to a network (none, host or bridge)' },
  { long: 'no-healthcheck', kind: 'bool', description: 'Disable any container-specified HEALTHCHECK' },
  { long: 'platform', kind: 'string', description: 'Set platform if server is multi-platform capable' },
  { long: 'privileged', kind: 'bool', description: 'Give extended privileges to this container' },
  {
    long: 'pull',
    kind: 'string',
    default: 'missing',
    shownDefault: '"missing"',
    description: 'Pull image before running ("always", "missing", "never")',
  },
  { long: 'quiet', short: 'q', kind: 'bool', description: 'Suppress the pull output' },
  { long: 'read-only', kind: 'bool', description: "Mount the container's root filesystem as read only" },
  {
    long: 'restart',
    kind: 'string',
    default: 'no',
    shownDefault: '"no"',
    description: 'Restart policy to apply when a container exits',
  },
  { long: 'rm', kind: 'bool', description: 'Automatically remove the container and its associated anonymous volumes when it exits' },
  { long: 'runtime', kind: 'string', description: 'Runtime to use for this container' },
  { long: 'security-opt', kind: 'list', description: 'Security Options' },
  { long: 'shm-size', kind: 'bytes', check: complaintAboutSize, description: 'Size of /dev/shm' },
  { long: 'stop-signal', kind: 'string', description: 'Signal to stop the container' },
  { long: 'stop-timeout', kind: 'int', description: 'Timeout (in seconds) to stop a container' },
  { long: 'tmpfs', kind: 'list', description: 'Mount a tmpfs directory' },
  { long: 'tty', short: 't', kind: 'bool', description: 'Allocate a pseudo-TTY' },
  { long: 'user', short: 'u', kind: 'string', description: 'Username or UID (format: <name|uid>[:<group|gid>])' },
  { long: 'volume', short: 'v', kind: 'list', description: 'Bind mount a volume' },
  { long: 'workdir', short: 'w', kind: 'string', description: 'Working directory inside the container' },
  // There is nothing to trust or not to trust without a registry.
  { long: 'disable-content-trust', kind: 'bool', default: 'true', hidden: true, description: 'Skip image verification' },
  ...unsupportedFlags(),
];

/** Every other flag of Docker's `run` and `create`, with its letter. */
function unsupportedFlags(): FlagDefinition[] {
  const lists =
    'add-host cpu-count cpu-percent ' +
    'dns dns-opt dns-option dns-search expose ' +
    'io-maxbandwidth io-maxiops ip ip6 link ' +
    'link-local-ip mac-address mount net-alias network-alias ' +
    'publish/p publish-all/P use-api-socket volume-driver ' +
    'volumes-from';
  return lists.split(' ').map((item) => {
    const [long = '', short] = item.split('/');
    return { long, ...(short !== undefined && { short }), kind: 'list', description: 'Not supported yet', unsupported: true };
  });
}
