import { readFileSync } from 'node:fs';
import type { DockerApi } from './docker-api.ts';
import type { Memory } from './memory.ts';

/** A running engine that speaks Docker's API: pier or dockerd. */
export interface DockerEngine {
  readonly name: 'pier' | 'dockerd';
  readonly host: string;
  readonly api: DockerApi;
  /** Its own command line client with its address; `undefined` where that is not at hand. */
  readonly cli: readonly string[] | undefined;
  /** Its own processes and its monitors or shims, without the containers' processes. */
  readonly memory: () => Memory;
  /** CPU time that the same processes have used so far, with the children that they have waited for; milliseconds. */
  readonly cpuMs: () => number;
}

/** Names and labels whatever a benchmark makes, so that it finds it again in an engine that serves others too. */
export const MARK: string = `pier-bench-${process.pid}`;
/** The image that every engine runs. */
export const IMAGE: string = `${MARK}:latest`;

/** What to create. */
export interface ContainerWish {
  readonly command: readonly string[];
  /** @default {"none"} */
  readonly network?: 'none' | 'bridge';
  /** As Docker's API has it. */
  readonly healthcheck?: object;
}

/** Brings the root file system of Alpine in. */
export async function importImage(api: DockerApi, tarPath: string): Promise<void> {
  await api.call('POST', `/images/create?fromSrc=-&repo=${MARK}&tag=latest`, readFileSync(tarPath));
}

/** @returns The id. */
export async function createContainer(api: DockerApi, { command, network = 'none', healthcheck }: ContainerWish): Promise<string> {
  const { body } = await api.call('POST', '/containers/create', {
    Image: IMAGE,
    Cmd: command,
    ...(healthcheck !== undefined && { Healthcheck: healthcheck }),
    Labels: { [MARK]: '' },
    HostConfig: { NetworkMode: network },
  });
  return (JSON.parse(body.toString()) as { Id: string }).Id;
}

/** Removes every container and the image that this run made. */
export async function removeEverything(api: DockerApi): Promise<void> {
  await removeContainers(api);
  await api.call('DELETE', `/images/${IMAGE}?force=1`);
}

/** Removes every container that this run made. */
export async function removeContainers(api: DockerApi): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: [MARK] }));
  const { body } = await api.call('GET', `/containers/json?all=1&filters=${filters}`);
  const ids = (JSON.parse(body.toString()) as { Id: string }[]).map(({ Id }) => Id);
  await eightAtATime(ids, (id) => api.call('DELETE', `/containers/${id}?force=1`));
}

/** Runs a piece of work for each item, eight of them at a time. */
export async function eightAtATime<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = [...items];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
    }),
  );
}
