import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type {
  ContainerUpdateResponse,
  HostConfig,
  Loose,
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspect,
  ContainerPathStat,
  ContainersPruneResponse,
  FilesystemChange,
  ContainerSummary,
  TopResponse,
  WaitResponse,
} from '../wire/index.ts';
import { decodePathStat } from '../wire/index.ts';
import { parseJson } from './parse-json.ts';
import type { Client, HijackedStream, Query } from './client.ts';

/** Which of a container's streams to attach to. */
export interface AttachQuery {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Empty for the daemon's own. */
  readonly detachKeys: string;
}

/** Which part of a container's output to give. Times are Unix seconds, fractions allowed. */
export interface LogsQuery {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly details: boolean;
  readonly tail: string;
  readonly since?: string;
  readonly until?: string;
}

/** What an image made of a container is called and says. */
export interface CommitQuery {
  readonly repo: string | undefined;
  readonly tag: string | undefined;
  readonly comment: string;
  readonly author: string;
  readonly pause: boolean;
  readonly changes: readonly string[];
}

/** What a wait is for. */
export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/** A wait that the daemon has accepted. */
export interface PendingWait {
  /** Reads the answer, which comes when the condition is met. */
  readonly result: () => Promise<WaitResponse>;
}

/** How a stop is done. */
export interface StopQuery {
  readonly signal?: string;
  /** Seconds until SIGKILL; -1 for ever. */
  readonly t?: number;
}

/**
 * The calls on containers. All take an id, a unique beginning of one, or a name, and throw {@linkcode ApiError} or
 * {@linkcode UnreachableError}.
 */
export class ContainersApi {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async list(query: Query = {}): Promise<readonly ContainerSummary[]> {
    return await this.#client.json({ method: 'GET', path: '/containers/json', query });
  }

  async create(body: ContainerCreateRequest, name?: string, platform?: string): Promise<ContainerCreateResponse> {
    const query = { name: name || undefined, platform: platform || undefined };
    return await this.#client.json({ method: 'POST', path: '/containers/create', query, body });
  }

  async inspect(id: string, size: boolean = false): Promise<ContainerInspect> {
    return await this.#client.json({ method: 'GET', path: `${pathOf(id)}/json`, query: { size: size || undefined } });
  }

  async start(id: string): Promise<void> {
    await this.#act(id, 'start');
  }

  async stop(id: string, query: StopQuery = {}): Promise<void> {
    await this.#act(id, 'stop', { ...query });
  }

  async restart(id: string, query: StopQuery = {}): Promise<void> {
    await this.#act(id, 'restart', { ...query });
  }

  /** @param signal Empty for SIGKILL. */
  async kill(id: string, signal: string = ''): Promise<void> {
    await this.#act(id, 'kill', { signal: signal || undefined });
  }

  async pause(id: string): Promise<void> {
    await this.#act(id, 'pause');
  }

  async unpause(id: string): Promise<void> {
    await this.#act(id, 'unpause');
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#act(id, 'rename', { name });
  }

  update(id: string, body: Loose<HostConfig>): Promise<ContainerUpdateResponse> {
    return this.#client.json({ method: 'POST', path: `${pathOf(id)}/update`, body });
  }

  async resize(id: string, size: { readonly h: number; readonly w: number }): Promise<void> {
    await this.#act(id, 'resize', { ...size });
  }

  async remove(id: string, query: { readonly force?: boolean; readonly v?: boolean; readonly link?: boolean } = {}): Promise<void> {
    await this.#client.send({ method: 'DELETE', path: pathOf(id), query });
  }

  /** Returns once the daemon has begun to wait, so that what follows cannot be missed. */
  async wait(id: string, condition: WaitCondition, signal?: AbortSignal): Promise<PendingWait> {
    const path = `${pathOf(id)}/wait`;
    const message = await this.#client.open({ method: 'POST', path, query: { condition }, ...(signal && { signal }) });
    const body = text(message);
    // Whoever gives the wait up does not want to hear how it ended.
    body.catch(() => {});
    return { result: async () => parseJson<WaitResponse>(await body) };
  }

  async top(id: string, psArguments: string): Promise<TopResponse> {
    return await this.#client.json({ method: 'GET', path: `${pathOf(id)}/top`, query: { ps_args: psArguments || undefined } });
  }

  /** A stream as {@linkcode attach} gives it, without the way in. */
  async logs(id: string, query: LogsQuery): Promise<IncomingMessage> {
    return await this.#client.open({ method: 'GET', path: `${pathOf(id)}/logs`, query: { stdout: true, stderr: true, ...query } });
  }

  async attach(id: string, { detachKeys, ...streams }: AttachQuery): Promise<HijackedStream> {
    const query = { stream: true, ...streams, detachKeys: detachKeys || undefined };
    return await this.#client.hijack({ method: 'POST', path: `${pathOf(id)}/attach`, query });
  }

  /** The root file system as a tar archive. */
  async export(id: string): Promise<IncomingMessage> {
    return await this.#client.open({ method: 'GET', path: `${pathOf(id)}/export` });
  }

  /** What a container changed of its image's files; `null` for nothing. */
  async changes(id: string): Promise<readonly FilesystemChange[] | null> {
    return await this.#client.json({ method: 'GET', path: `${pathOf(id)}/changes` });
  }

  /** Makes an image. */
  async commit(container: string, query: CommitQuery): Promise<{ readonly Id: string }> {
    return await this.#client.json({ method: 'POST', path: '/commit', query: { ...query, container } });
  }

  /** What a path in the container leads to. */
  async statArchive(id: string, path: string): Promise<ContainerPathStat> {
    const message = await this.#client.open({ method: 'HEAD', path: `${pathOf(id)}/archive`, query: { path } });
    message.resume();
    return pathStatOf(message);
  }

  /** A file, or a directory with all in it, as a tar archive. */
  async getArchive(id: string, path: string): Promise<{ readonly stat: ContainerPathStat; readonly message: IncomingMessage }> {
    const message = await this.#client.open({ method: 'GET', path: `${pathOf(id)}/archive`, query: { path } });
    return { stat: pathStatOf(message), message };
  }

  /** Unpacks a tar archive in the container. */
  async putArchive(id: string, path: string, stream: Readable, query: { readonly copyUIDGID?: true | undefined } = {}): Promise<void> {
    const headers = { 'Content-Type': 'application/x-tar' };
    const whole = { noOverwriteDirNonDir: true, ...query, path };
    await this.#client.send({ method: 'PUT', path: `${pathOf(id)}/archive`, query: whole, stream, headers });
  }

  /** @param filters From `encodeFilters`; empty for all that are stopped. */
  async prune(filters: string = ''): Promise<ContainersPruneResponse> {
    return await this.#client.json({ method: 'POST', path: '/containers/prune', query: { filters: filters || undefined } });
  }

  async #act(id: string, verb: string, query: Query = {}): Promise<void> {
    await this.#client.send({ method: 'POST', path: `${pathOf(id)}/${verb}`, query });
  }
}

function pathStatOf({ headers }: IncomingMessage): ContainerPathStat {
  return decodePathStat(String(headers['x-docker-container-path-stat'] ?? ''));
}

function pathOf(id: string): string {
  return `/containers/${encodeURIComponent(id)}`;
}
