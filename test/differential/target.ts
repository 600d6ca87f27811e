import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerClient, pierClient, type Client } from '../harness/clients.ts';
import { startDaemon } from '../harness/daemon.ts';
import { api, jsonOf } from '../harness/http.ts';
import { SHARED } from '../harness/images.ts';

/** A client and a daemon, to run cases on. */
export interface Target extends AsyncDisposable {
  /** For people: `pier's CLI on pier`. */
  readonly name: string;
  /** Value of DOCKER_HOST. */
  readonly host: string;
  /** Holds a program `docker` that is the client. */
  readonly binDirectory: string;
  /** A directory that bind mounts can name: its path for the client and for the daemon. */
  readonly bindDirectory: { readonly here: string; readonly there: string };
  /** What to write for paths that begin with these. */
  readonly directories: readonly (readonly [path: string, name: string])[];
  /** Says `docker` where this client says its own name. */
  readonly renameProgram: (text: string) => string;
  /** Removes all containers, and all images but `alpine`, which is put back if it is not there or not alone. */
  readonly reset: () => Promise<void>;
}

/** Which CLI a target runs. */
export type ClientName = 'docker' | 'pier';

/** Where a dockerd is, and which of its directories is which here. */
export interface Peer {
  readonly socket: string;
  /** A directory here. */
  readonly share: string;
  /** Its path for the peer. */
  readonly mount: string;
}

/** A new pier daemon with one of the clients. */
export async function startPier(clientName: ClientName): Promise<Target> {
  const daemon = await startDaemon();
  const here = await mkdtemp(join(daemon.directory, 'cases-'));
  const client = clientName === 'docker' ? await dockerClient() : pierClient();
  if (client === undefined) throw new Error('Cannot compare: Docker’s CLI cannot be had');
  const binDirectory = await writeProgram(client, join(daemon.directory, 'bin'));
  return {
    name: `${clientName === 'docker' ? 'Docker' : 'pier'}’s CLI on pier`,
    host: `unix://${daemon.directSocket}`,
    binDirectory,
    bindDirectory: { here, there: here },
    directories: [
      [daemon.directSocket, '<socket>'],
      [daemon.root, '<root>'],
      [daemon.state, '<state>'],
    ],
    renameProgram: clientName === 'docker' ? (text) => text : sayDocker,
    reset: async () => await reset(daemon.directSocket),
    [Symbol.asyncDispose]: async () => {
      await reset(daemon.directSocket);
      await daemon[Symbol.asyncDispose]();
    },
  };
}

/**
 * Docker's CLI on a dockerd that is there for nothing else: everything on it is removed.
 *
 * @throws {Error} when there is a container or an image that is not from an earlier run.
 */
export async function connectPeer(peer: Peer): Promise<Target> {
  const client = await dockerClient();
  if (client === undefined) throw new Error('Cannot compare: Docker’s CLI cannot be had');
  await refuseForeignThings(peer.socket);
  const here = await mkdtemp(join(peer.share, 'cases-'));
  const bin = await mkdtemp(join(tmpdir(), 'pier-differential-'));
  return {
    name: 'Docker’s CLI on dockerd',
    host: `unix://${peer.socket}`,
    binDirectory: await writeProgram(client, bin),
    bindDirectory: { here, there: here.replace(peer.share, peer.mount) },
    directories: [
      [peer.socket, '<socket>'],
      [`${peer.mount}/docker`, '<root>'],
      ['/var/lib/docker', '<root>'],
      ['/run/docker', '<state>'],
    ],
    renameProgram: (text) => text,
    reset: async () => await reset(peer.socket),
    [Symbol.asyncDispose]: async () => {
      await reset(peer.socket);
      await rm(here, { recursive: true, force: true });
      await rm(bin, { recursive: true, force: true });
    },
  };
}

async function writeProgram(client: Client, directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const quoted = client.command.map((word) => `'${word}'`).join(' ');
  const path = join(directory, 'docker');
  await writeFile(path, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  await chmod(path, 0o755);
  return directory;
}

/** Where it is a word: not in `pier/starter`, not in a path, not in the name of our label. */
function sayDocker(text: string): string {
  return text.replaceAll(/(?<![\w/.-])pier(?![\w/-])/g, 'docker');
}

const MARK = 'pier-differential=alpine';

async function refuseForeignThings(socket: string): Promise<void> {
  const images = jsonOf<{ Labels: Record<string, string> | null }[]>(await api(socket, 'GET', '/images/json'));
  if (images.some(({ Labels }) => Labels?.['pier-differential'] === undefined)) {
    throw new Error(`Cannot compare with ${socket}: it has images of somebody's, and everything there would be removed`);
  }
}

async function reset(socket: string): Promise<void> {
  const containers = jsonOf<{ Id: string }[]>(await api(socket, 'GET', '/containers/json?all=1'));
  for (const { Id } of containers) await api(socket, 'DELETE', `/containers/${Id}?force=1&v=1`);
  const images = jsonOf<{ Id: string; RepoTags: string[] | null; Labels: Record<string, string> | null }[]>(
    await api(socket, 'GET', '/images/json?all=1'),
  );
  const isPristine = images.length === 1 && images[0]?.RepoTags?.join() === 'alpine:latest';
  if (isPristine) return;
  for (const { Id, RepoTags } of images) {
    for (const tag of RepoTags ?? []) await api(socket, 'DELETE', `/images/${tag}?force=1`);
    await api(socket, 'DELETE', `/images/${Id}?force=1`);
  }
  const changes = ['CMD ["/bin/sh"]', `LABEL ${MARK}`].map((change) => `changes=${encodeURIComponent(change)}`).join('&');
  const response = await api(socket, 'POST', `/images/create?fromSrc=-&repo=alpine&${changes}`, {
    body: createReadStream(SHARED.alpineTar),
  });
  if (response.status !== 200 || /"error"/.test(response.body.toString())) {
    throw new Error(`Cannot bring in alpine: ${response.status} ${response.body.toString()}`);
  }
}
