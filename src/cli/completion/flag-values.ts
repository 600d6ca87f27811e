import type { FlagDefinition } from '../command.ts';

/** What a flag's value names: one of some words, or something that the daemon, the client or the file system has. */
export type ValueSource = 'container' | 'context' | 'file' | 'image' | 'network' | 'runtime' | readonly string[];

const NAMESPACES = ['host', 'private', 'container:'];
const SIGNALS = 'HUP INT QUIT KILL USR1 USR2 ALRM TERM STOP CONT WINCH'.split(' ');
const CAPABILITIES = (
  'ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID ' +
  'IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON ' +
  'SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE ' +
  'SYS_TIME SYS_TTY_CONFIG WAKE_ALARM'
).split(' ');

const BY_FLAG: Readonly<Record<string, ValueSource>> = {
  attach: ['STDIN', 'STDOUT', 'STDERR'],
  'cap-add': CAPABILITIES,
  'cap-drop': CAPABILITIES,
  cgroupns: ['host', 'private'],
  cidfile: 'file',
  config: 'file',
  context: 'context',
  'env-file': 'file',
  format: ['json', 'table'],
  from: 'context',
  input: 'file',
  ipc: ['none', 'shareable', ...NAMESPACES],
  'label-file': 'file',
  'log-driver': ['journald', 'json-file', 'local', 'none', 'syslog'],
  'log-level': ['debug', 'info', 'warn', 'error', 'fatal'],
  net: 'network',
  network: 'network',
  output: 'file',
  pid: ['host', 'container:'],
  pull: ['always', 'missing', 'never'],
  restart: ['always', 'no', 'on-failure', 'unless-stopped'],
  runtime: 'runtime',
  'security-opt': ['no-new-privileges', 'seccomp=', 'apparmor=', 'systempaths=unconfined', 'label='],
  signal: SIGNALS,
  'stop-signal': SIGNALS,
  tlscacert: 'file',
  tlscert: 'file',
  tlskey: 'file',
  type: ['container', 'image', 'network'],
  userns: ['host'],
  uts: ['host'],
  volume: 'file',
  'volumes-from': 'container',
};

/** Keys of `--filter` by the command's short name, and the words that follow some of them. */
const FILTERS: Readonly<Record<string, readonly string[]>> = {
  ps: [
    'ancestor=',
    'before=',
    'exited=',
    'expose=',
    ...['healthy', 'none', 'starting', 'unhealthy'].map((health) => `health=${health}`),
    'id=',
    'is-task=',
    'label=',
    'name=',
    'network=',
    'publish=',
    'since=',
    ...['created', 'dead', 'exited', 'paused', 'removing', 'restarting', 'running'].map((status) => `status=${status}`),
    'volume=',
  ],
  images: ['before=', 'dangling=false', 'dangling=true', 'label=', 'reference=', 'since=', 'until='],
  events: ['container=', 'daemon=', 'event=', 'image=', 'label=', 'network=', 'scope=', 'type=container', 'type=image', 'type=network'],
  'container prune': ['label=', 'label!=', 'until='],
  'image prune': ['dangling=false', 'dangling=true', 'label=', 'label!=', 'until='],
  'system prune': ['label=', 'label!=', 'until='],
  'network ls': ['driver=', 'id=', 'label=', 'name=', 'scope=', 'type=builtin', 'type=custom'],
};

/**
 * What may stand for a flag's value; `undefined` where nothing is known.
 *
 * @param command The command's first path; empty for a global flag.
 */
export function valuesOf({ long }: FlagDefinition, command: string): ValueSource | undefined {
  if (long === 'filter') return FILTERS[command];
  return Object.hasOwn(BY_FLAG, long) ? BY_FLAG[long] : undefined;
}
