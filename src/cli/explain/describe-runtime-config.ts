import { cgroupFiles } from './cgroup-files.ts';
import type { RuntimeResources } from './cgroup-files.ts';
import type { ExplainedLine, ExplainedStep } from './explained-step.ts';

/**
 * What of an OCI config.json is explained.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config.md
 */
interface RuntimeConfig {
  readonly hostname?: string;
  readonly root: { readonly path: string; readonly readonly?: boolean };
  readonly mounts: readonly {
    readonly destination: string;
    readonly type: string;
    readonly source: string;
    readonly options?: readonly string[];
  }[];
  readonly process: {
    readonly args: readonly string[];
    readonly cwd: string;
    readonly terminal?: boolean;
    readonly noNewPrivileges?: boolean;
    readonly oomScoreAdj?: number;
    readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids?: readonly number[] };
    readonly capabilities?: { readonly bounding?: readonly string[] };
    readonly rlimits?: readonly { readonly type: string; readonly soft: number; readonly hard: number }[];
  };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux: {
    readonly namespaces: readonly { readonly type: string; readonly path?: string }[];
    readonly cgroupsPath: string;
    readonly resources: RuntimeResources;
    readonly devices?: readonly { readonly path: string }[];
    readonly sysctl?: Readonly<Record<string, string>>;
    readonly seccomp?: { readonly defaultAction?: string; readonly syscalls?: readonly unknown[] };
    readonly maskedPaths?: readonly string[];
    readonly readonlyPaths?: readonly string[];
  };
}

/** What each new namespace is good for. */
const NAMESPACES: ReadonlyMap<string, readonly [flag: string, why: string]> = new Map([
  ['mount', ['CLONE_NEWNS', 'a mount table of its own: mounts in here are not seen outside']],
  ['network', ['CLONE_NEWNET', 'interfaces, routes and ports of its own']],
  ['uts', ['CLONE_NEWUTS', 'a host name of its own']],
  ['pid', ['CLONE_NEWPID', 'its first process is number 1 and sees no process outside']],
  ['ipc', ['CLONE_NEWIPC', 'shared memory, semaphores and message queues of its own']],
  ['cgroup', ['CLONE_NEWCGROUP', 'it sees its own cgroup as the root of all']],
  ['user', ['CLONE_NEWUSER', 'user ids of its own: root in here is nobody outside']],
]);

const MOUNTS: ReadonlyMap<string, string> = new Map([
  ['/proc', 'processes of its own pid namespace'],
  ['/dev', 'an empty one, for a handful of harmless devices'],
  ['/dev/pts', 'terminals of its own'],
  ['/sys', 'the machine’s devices, read-only'],
  ['/sys/fs/cgroup', 'its limits, to be read'],
  ['/dev/mqueue', 'POSIX message queues of its own ipc namespace'],
  ['/dev/shm', 'shared memory, of limited size'],
  ['/etc/resolv.conf', 'name servers, written by the engine'],
  ['/etc/hostname', 'its name, written by the engine'],
  ['/etc/hosts', 'its name and address, written by the engine'],
]);

/** Linux has 41 capabilities since 5.9. */
const ALL_CAPABILITIES = 41;

/** Explains what the runtime is told by a bundle's config.json, in the order in which a runtime does it. */
export function describeRuntimeConfig(facts: ExplainedStep['facts']): readonly ExplainedLine[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the API sends
  const config = facts['config'] as RuntimeConfig;
  const version = facts['cgroupVersion'] === 2 ? 2 : 1;
  return [
    {
      whom: 'disk',
      what: `write ${String(facts['path'])}`,
      why: 'the OCI bundle: all that the runtime is to do, as the lines with “runtime” tell',
    },
    ...namespaceLines(config),
    ...cgroupFiles(config.linux.cgroupsPath, config.linux.resources, version).map(({ what, why }) => ask(what, why)),
    ...mountLines(config),
    ...processLines(config),
  ];
}

function namespaceLines({ linux }: RuntimeConfig): readonly ExplainedLine[] {
  return linux.namespaces.map(({ type, path }) => {
    const [flag = type, why = ''] = NAMESPACES.get(type) ?? [];
    return path === undefined ? ask(`clone(${flag})`, why) : ask(`setns(${path}, ${flag})`, `${why}: the one that is there already`);
  });
}

function mountLines({ root, mounts, linux, hostname }: RuntimeConfig): readonly ExplainedLine[] {
  const { devices = [], sysctl = {}, maskedPaths = [], readonlyPaths = [] } = linux;
  return [
    ...mounts.map(({ destination, type, source, options = [] }) => {
      const isBind = type === 'bind' || options.includes('bind') || options.includes('rbind');
      const words = options.filter((option) => option !== 'bind').join(',');
      return ask(
        `mount(${isBind ? `--bind ${source}` : `-t ${type}`} ${destination}${words === '' ? '' : ` -o ${words}`})`,
        MOUNTS.get(destination) ?? '',
      );
    }),
    ...when(devices.length > 0, () => ask(`mknod(${devices.map(({ path }) => path).join(', ')})`, 'devices that were asked for')),
    ask(
      `pivot_root(${root.path})`,
      root.readonly === true ? 'its root from now on, mounted read-only' : 'its root from now on: nothing outside has a path any more',
    ),
    ...when(maskedPaths.length > 0, () =>
      ask(
        `mask ${maskedPaths.join(' ')}`,
        'an empty file or directory over each: kernel interfaces without a namespace that tell too much',
      ),
    ),
    ...when(readonlyPaths.length > 0, () =>
      ask(`remount read-only ${readonlyPaths.join(' ')}`, 'they may be read, and change nothing for the machine'),
    ),
    ...when(hostname !== undefined, () => ask(`sethostname(${hostname})`, '')),
    ...Object.entries(sysctl).map(([name, value]) =>
      ask(`/proc/sys/${name.replaceAll('.', '/')} ← ${value}`, 'a kernel setting of its own namespaces'),
    ),
  ];
}

function processLines({ process, linux, annotations = {} }: RuntimeConfig): readonly ExplainedLine[] {
  const { user, rlimits = [], capabilities, oomScoreAdj = 0 } = process;
  const kept = capabilities?.bounding ?? [];
  const groups = user.additionalGids ?? [];
  const hasFilter = linux.seccomp !== undefined || annotations['run.oci.seccomp_bpf_data'] !== undefined;
  return [
    ...rlimits.map(({ type, soft, hard }) => ask(`setrlimit(${type}, ${soft}:${hard})`, '')),
    ...when(oomScoreAdj !== 0, () => ask(`/proc/self/oom_score_adj ← ${oomScoreAdj}`, 'who goes first when memory runs out')),
    ask(`setuid(${user.uid}) setgid(${user.gid})${groups.length === 0 ? '' : ` setgroups(${groups.join(' ')})`}`, ''),
    ask(
      `capset(${kept.length === 0 ? 'none' : kept.join(' ')})`,
      kept.length >= ALL_CAPABILITIES ? 'every privilege of root' : 'what is left of root’s privileges',
    ),
    ...when(process.noNewPrivileges === true, () => ask('prctl(PR_SET_NO_NEW_PRIVS)', 'no program can give it more, setuid or not')),
    hasFilter
      ? ask('seccomp(SECCOMP_SET_MODE_FILTER)', 'system calls that ordinary programs do not need are refused by the kernel')
      : ask('no seccomp filter', 'every system call of the kernel is open to it'),
    ask(`execve(${process.args.join(' ')}) in ${process.cwd}`, process.terminal === true ? 'on a terminal that the monitor holds' : ''),
  ];
}

function when(condition: boolean, line: () => ExplainedLine): readonly ExplainedLine[] {
  return condition ? [line()] : [];
}

function ask(what: string, why: string): ExplainedLine {
  return { whom: 'runtime', what, why };
}
