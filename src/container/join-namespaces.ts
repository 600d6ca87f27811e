/**
 * Namespaces that a container shares with another one.
 *
 * A container joins those of a process that runs, by pid. Between the look at the other container and the moment at which
 * the runtime opens the namespace that process may end and its pid go to a stranger, so the namespaces of what was created
 * are compared with those that were meant before anything of the container's own runs.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { PierError, hasCode } from '../base/errors.ts';
import { isProcessAlive, namespaceId, namespacePath } from '../linux/index.ts';
import { hasProcess } from './signal-container.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';
import type { ContainerSpec, OtherContainer } from './container-spec.ts';

const HOST_SHM = '/dev/shm';
type Kind = 'pid' | 'ipc';

/** What a container joins. */
export interface JoinedNamespaces {
  /** Path of another container's namespace; `undefined` for one of its own, or the host's. */
  readonly pidPath: `/${string}` | undefined;
  readonly ipcPath: `/${string}` | undefined;
  /** Host path of what it sees as /dev/shm; `undefined` for one of its own. */
  readonly shmSource: string | undefined;
  /** @throws {PierError} As {@linkcode joinNamespaces}, if a created process is not in the namespaces that were meant. */
  readonly verify: (pid: number) => void;
}

/** Whether others can join a container's shared memory: the engine mounts it, then, not the runtime. */
export function hasShareableShm({ spec }: Pick<Container, 'spec'>): boolean {
  const isTaken = spec.binds.some(({ target }) => target === HOST_SHM) || HOST_SHM in spec.tmpfs;
  return spec.ipcMode === 'shareable' && !isTaken;
}

/** The containers whose namespaces a container joins, by id. */
export function namespaceDonors({ pidMode, ipcMode }: ContainerSpec): readonly string[] {
  return [pidMode, ipcMode].map(otherId).filter((id): id is string => id !== undefined && id !== '');
}

/**
 * Names the containers that a spec mentions by their ids, so that they can be renamed.
 *
 * @throws {PierError} `InvalidArgument`, reason `container.no-such-donor`, facts `{ ref }`.
 */
export function resolveDonors(spec: ContainerSpec, idOf: (ref: string) => string): ContainerSpec {
  return { ...spec, pidMode: resolve(spec.pidMode, idOf), ipcMode: resolve(spec.ipcMode, idOf) };
}

function resolve<T extends string>(mode: T, idOf: (ref: string) => string): T | OtherContainer {
  const ref = otherId(mode);
  if (ref === undefined || ref === '') return mode;
  try {
    return `container:${idOf(ref)}`;
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
    throw new PierError('InvalidArgument', `Cannot join namespaces of container "${ref}": there is none`, {
      cause: error,
      reason: 'container.no-such-donor',
      facts: { ref },
    });
  }
}

/**
 * Finds what a container joins.
 *
 * @throws {PierError} Reasons `container.cannot-join-pid`, `container.cannot-join-ipc`, facts `{ id, state }`, where the state
 * is `missing`, `not-running`, `restarting` or `not-shareable`; reason `container.no-host-shm`.
 */
export function joinNamespaces(context: ContainerContext, { spec }: Container): JoinedNamespaces {
  const pidDonor = donorOf(context, spec.pidMode, 'pid');
  const ipcDonor = donorOf(context, spec.ipcMode, 'ipc');
  const shmSource = spec.ipcMode === 'host' ? hostShm() : ipcDonor && shmOf(context, ipcDonor);
  if (ipcDonor !== undefined && (shmSource === undefined || !existsSync(shmSource))) throw cannotJoin('ipc', ipcDonor.id, 'not-shareable');
  const wanted = [pidDonor && meant('pid', pidDonor), ipcDonor && meant('ipc', ipcDonor)].filter((item) => item !== undefined);
  return {
    pidPath: pidDonor && namespacePath(pidDonor.state.pid, 'pid'),
    ipcPath: ipcDonor && namespacePath(ipcDonor.state.pid, 'ipc'),
    shmSource,
    verify: (pid) => {
      for (const { kind, donorId, namespace } of wanted) {
        if (namespaceId(pid, kind) !== namespace) throw cannotJoin(kind, donorId, 'not-running');
      }
    },
  };
}

function meant(kind: Kind, { id, state }: Container): { readonly kind: Kind; readonly donorId: string; readonly namespace: bigint } {
  const namespace = namespaceId(state.pid, kind);
  // In this order: alive after the look, it was the container's own process that was looked at.
  if (namespace === undefined || !isProcessAlive(state.pid, state.pidStartTicks)) throw cannotJoin(kind, id, 'not-running');
  return { kind, donorId: id, namespace };
}

function donorOf(context: ContainerContext, mode: string, kind: Kind): Container | undefined {
  const id = otherId(mode);
  if (id === undefined) return undefined;
  const donor = context.index.byId(id);
  if (donor === undefined) throw cannotJoin(kind, id, 'missing');
  if (hasProcess(donor)) return donor;
  throw cannotJoin(kind, id, donor.state.status === 'restarting' ? 'restarting' : 'not-running');
}

/** Where a running container's shared memory is mounted on the host; `undefined` if nobody can join it. */
function shmOf(context: ContainerContext, container: Container): string | undefined {
  if (container.spec.ipcMode === 'host') return HOST_SHM;
  if (hasShareableShm(container)) return context.paths.shm(container.id);
  const donor = context.index.byId(otherId(container.spec.ipcMode) ?? '');
  return donor && shmOf(context, donor);
}

function hostShm(): string {
  if (existsSync(HOST_SHM)) return HOST_SHM;
  throw new PierError('Internal', 'Cannot share the shared memory of the host: it has no /dev/shm', { reason: 'container.no-host-shm' });
}

function otherId(mode: string): string | undefined {
  return mode.startsWith('container:') ? mode.slice('container:'.length) : undefined;
}

function cannotJoin(kind: Kind, id: string, state: 'missing' | 'not-running' | 'restarting' | 'not-shareable'): PierError {
  const isWait = state === 'not-running' || state === 'restarting';
  return new PierError(isWait ? 'Conflict' : 'InvalidArgument', `Cannot join ${kind} namespace of container "${id}": ${STATES[state]}`, {
    reason: `container.cannot-join-${kind}`,
    facts: { id, state },
  });
}

const STATES = {
  missing: 'there is no such container',
  'not-running': 'it does not run',
  restarting: 'it is about to be restarted',
  'not-shareable': 'its shared memory is its own',
} as const;
