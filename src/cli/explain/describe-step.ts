import { describeRuntimeConfig } from './describe-runtime-config.ts';
import type { ExplainedLine, ExplainedStep } from './explained-step.ts';

type Facts = ExplainedStep['facts'];

/** Lines for one step; an unknown kind, of a newer daemon, is shown as it came. */
export function describeStep({ kind, facts }: ExplainedStep): readonly ExplainedLine[] {
  switch (kind) {
    case 'record':
      return [describeRecord(facts)];
    case 'archive':
      return [describeArchive(facts)];
    case 'mount':
      return [describeMount(facts)];
    case 'unmount':
      return [
        line(
          'kernel',
          `umount2(${text(facts, 'target')}${facts['isDetached'] === true ? ', MNT_DETACH' : ''})`,
          facts['isDetached'] === true ? 'out of sight at once, freed when nobody looks into it any more' : '',
        ),
      ];
    case 'namespace':
      return [
        line('kernel', 'unshare(CLONE_NEWNET)', 'a network of its own: interfaces, routes, ports and firewall rules'),
        line(
          'kernel',
          `mount(--bind /proc/thread-self/ns/net ${text(facts, 'path')})`,
          'the mount keeps it alive without any process in it',
        ),
      ];
    case 'namespace-drop':
      return [
        line(
          'kernel',
          `umount2(${text(facts, 'path')}, MNT_DETACH)`,
          'the network goes with its last user; its interfaces are not deleted one by one, which would take longer',
        ),
      ];
    case 'netlink':
      return [
        line('kernel', `rtnetlink: ${text(facts, 'verb')} ${text(facts, 'subject')}`, NETLINK_REASONS.get(text(facts, 'verb')) ?? ''),
      ];
    case 'nftables':
      return [line('kernel', `nftables: ${unindent(text(facts, 'commands'))}`, 'all of it is one transaction')];
    case 'cgroup-move':
      return [
        line(
          'kernel',
          `${list(facts, 'directories')
            .map((root) => `${root}${text(facts, 'path')}/cgroup.procs`)
            .join(', ')} ← ${text(facts, 'pid')}`,
          'the monitor leaves the cgroup that the engine was started in, whose end it must survive',
        ),
      ];
    case 'cgroup-kill': {
      const pids = list(facts, 'pids');
      if (pids.length === 0) return [];
      return [
        line('kernel', `cgroup ${text(facts, 'path')}: kill ${pids.join(' ')}`, 'whatever the container left running, frozen or not'),
      ];
    }
    case 'cgroup-remove': {
      const directories = list(facts, 'directories');
      if (directories.length === 0) return [];
      return [line('kernel', `rmdir(${braced(directories)})`, 'its limits and counters go')];
    }
    case 'spawn':
      return [describeSpawn(facts)];
    case 'signal':
      return [
        line('kernel', `pidfd_send_signal(${text(facts, 'pid')}, ${text(facts, 'signal')})`, 'by descriptor: a reused pid cannot be hit'),
      ];
    case 'release':
      return [
        line(
          text(facts, 'runtime'),
          `a byte into ${text(facts, 'fifo')}`,
          'what the runtime’s “start” does: the process that waits there becomes the command',
        ),
      ];
    case 'runtime-config':
      return describeRuntimeConfig(facts);
    default:
      return [line(kind, JSON.stringify(facts), '')];
  }
}

function describeRecord(facts: Facts): ExplainedLine {
  const changed = list(facts, 'changed').filter((field) => field !== 'status');
  const fields = changed.length === 0 ? '' : ` (${changed.join(', ')})`;
  return line(
    'disk',
    `SQLite: container ${text(facts, 'name')} is ${text(facts, 'status')}${fields}`,
    'one transaction: an engine that is killed now knows it',
  );
}

/** What each operation of the archive thread is, and why it is done so. */
const ARCHIVE_REASONS: ReadonlyMap<string, readonly [what: string, why: string]> = new Map([
  ['unpack', ['unpack a tar into', 'a layer: every file is made by name in an open directory, so that no link leads out of it']],
  ['pack', ['pack', 'a tar of what lies there, made while the client reads it']],
  ['packLayer', ['pack what was written to', 'overlayfs keeps it apart from the layers below: this is the new layer']],
  ['changes', ['compare with what lies below it:', 'overlayfs keeps what a container wrote apart: files, and marks for what it removed']],
  ['measure', ['add up the files of', '']],
  ['empty', ['remove what is in', '']],
  ['stat', ['look up', 'by openat2(RESOLVE_IN_ROOT): links are followed within the container, never out of it']],
  ['copyOut', ['pack', 'a tar of it, for the client']],
  ['copyIn', ['unpack a tar into', 'every file is made by name in an open directory']],
]);

function describeArchive(facts: Facts): ExplainedLine {
  const [what, why] = ARCHIVE_REASONS.get(text(facts, 'operation')) ?? [text(facts, 'operation'), ''];
  const pid = text(facts, 'pid');
  const view = pid === '' ? '' : `, as process ${pid} sees it`;
  return line('thread', `${what} ${text(facts, 'directory')}${text(facts, 'path')}${view}`, why);
}

/** Paths that differ in their fourth part, the controllers of cgroup version 1, as a shell writes them. */
function braced(paths: readonly string[]): string {
  const [first = ''] = paths;
  const [, sys, fs, cgroup, , ...rest] = first.split('/');
  const end = rest.join('/');
  const controllers = paths.map((path) => path.split('/')[4] ?? '');
  const same = controllers.map((controller) => `/${sys}/${fs}/${cgroup}/${controller}/${end}`);
  return paths.length > 1 && same.every((path, at) => path === paths[at])
    ? `/${sys}/${fs}/${cgroup}/{${controllers.join(',')}}/${end}`
    : paths.join(', ');
}

const NETLINK_REASONS: ReadonlyMap<string, string> = new Map([
  ['add bridge', 'a switch inside the kernel, which containers are plugged into'],
  ['add veth pair', 'a cable: one end in the bridge, the other in the container’s network as eth0'],
  ['add address', 'its IP address'],
  ['add default route', 'whatever is not on the bridge goes through the host'],
  ['bring up link', ''],
  ['silence bridge port', 'the bridge forgets the container at once; deleting the cable would take 30 ms'],
]);

function describeMount(facts: Facts): ExplainedLine {
  const options = list(facts, 'options');
  const type = text(facts, 'type');
  if (type !== 'overlay') {
    const words = [...(type === 'bind' ? [] : [`-t ${type}`]), ...options.map((option) => `-o ${option}`)].join(' ');
    return line(
      'kernel',
      `mount(${type === 'bind' ? '--bind ' : ''}${words === '' ? '' : `${words} `}${text(facts, 'source')} ${text(facts, 'target')})`,
      '',
    );
  }
  const lower =
    options
      .find((option) => option.startsWith('lowerdir='))
      ?.slice('lowerdir='.length)
      .split(':') ?? [];
  const upper = options.find((option) => option.startsWith('upperdir='))?.slice('upperdir='.length) ?? '';
  return line(
    'kernel',
    `mount(overlay ${text(facts, 'target')})`,
    `${lower.length} read-only layer${lower.length === 1 ? '' : 's'} of the image below, what the container writes above, in ${upper}`,
  );
}

function describeSpawn(facts: Facts): ExplainedLine {
  const file = text(facts, 'file');
  const args = list(facts, 'args');
  const name = file.slice(file.lastIndexOf('/') + 1);
  return line('kernel', `posix_spawn(${[name, ...args].join(' ')})`, SPAWN_REASONS.get(name) ?? verbReason(args));
}

const SPAWN_REASONS: ReadonlyMap<string, string> = new Map([
  ['conmon', 'the monitor: it has the runtime create the container, then holds its streams, log and exit code, engine or no engine'],
]);

function verbReason(args: readonly string[]): string {
  const verb = args.find((word) => RUNTIME_VERBS.has(word));
  return RUNTIME_VERBS.get(verb ?? '') ?? '';
}

const RUNTIME_VERBS: ReadonlyMap<string, string> = new Map([
  ['exec', 'the runtime joins the container’s namespaces and cgroups and starts a process there'],
  ['delete', 'the runtime forgets the container and what it had set up for it'],
  ['kill', 'the runtime signals the container'],
  ['pause', 'the freezer cgroup stops every process of the container'],
  ['resume', 'the freezer cgroup lets them go on'],
  ['update', 'new values for the files of the container’s cgroups'],
  ['state', 'the runtime tells what it knows'],
]);

function line(whom: string, what: string, why: string): ExplainedLine {
  return { whom, what, why };
}

/** Without the indentation that all lines have. */
function unindent(commands: string): string {
  const lines = commands.split('\n').filter((command) => command.trim() !== '');
  const depth = Math.min(...lines.map((command) => command.length - command.trimStart().length));
  return lines.map((command) => command.slice(depth)).join('\n');
}

function text(facts: Facts, name: string): string {
  const value = facts[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function list(facts: Facts, name: string): readonly string[] {
  const value = facts[name];
  return Array.isArray(value) ? value.map(String) : [];
}
