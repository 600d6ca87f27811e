import { after, afterEach, before, beforeEach, describe } from 'node:test';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import { dockerClient, pierClient, run, start, type Client, type RunOptions, type RunOutcome } from './clients.ts';
import { IS_PEER, startDaemon, type DaemonOptions, type TestDaemon } from './daemon.ts';
import { missingShared, SHARED } from './images.ts';
import { startOnTty, type TtySession } from './tty-session.ts';
import type { ChildProcess } from 'node:child_process';

/** What the tests of one suite share: a daemon, and a client to talk to it. */
export interface Fixture {
  readonly daemon: TestDaemon;
  readonly client: Client;
  /** Runs the client: `await cli('ps', '-a')`. */
  cli(...args: string[]): Promise<RunOutcome>;
  /** Runs the client and returns its output without the last line feed; fails unless it exits with 0. */
  ok(...args: string[]): Promise<string>;
  /** Runs the client with standard input or other options. */
  cliWith(options: Omit<RunOptions, 'host'>, ...args: string[]): Promise<RunOutcome>;
  /** Starts the client on a terminal. */
  tty(...args: string[]): TtySession;
  /** Starts the client with pipes and does not wait. */
  background(...args: string[]): ChildProcess;
  /** Kills every client that was started on a terminal or in the background and still runs. */
  endClients(): Promise<void>;
}

/** What a suite's daemon needs before the tests. */
export interface FixtureOptions extends DaemonOptions {
  /** @default pier's own CLI */
  readonly client?: () => Promise<Client | undefined> | Client;
  /** Images to bring in before the first test. @default {['alpine']} */
  readonly images?: readonly ('alpine' | 'busybox')[];
  /** Leave containers where they are between tests. @default {false} */
  readonly keepContainers?: boolean;
}

/**
 * Gives the suite that calls it a daemon of its own: started before its first test, its containers removed between tests, its
 * responses checked after each, and stopped and searched for leaks after the last.
 *
 * @returns The fixture; its members are there once the tests run.
 */
export function useDaemon(options: FixtureOptions = {}): Fixture {
  let daemon: TestDaemon | undefined;
  let client: Client | undefined;
  const fixture = makeFixture(
    () => daemon ?? fail('its daemon did not start'),
    () => client ?? fail('its client cannot be had'),
  );
  before(async () => {
    client = await (options.client ?? pierClient)();
    daemon = await startDaemon(options);
    for (const image of options.images ?? ['alpine']) await bringIn(daemon, image);
  });
  let logStart = 0;
  beforeEach(() => {
    logStart = daemon?.log.length ?? 0;
  });
  afterEach(async (t) => {
    await fixture.endClients();
    if (daemon === undefined) return;
    if ((t as { passed?: boolean }).passed === false)
      console.error(`The daemon's log during "${t.name}":\n${daemon.log.slice(logStart).slice(-8000)}`);
    if (options.keepContainers !== true && daemon.isRunning) await daemon.removeAllContainers();
    daemon.assertResponsesValid();
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
  });
  return fixture;
}

const CLIENTS: Readonly<Record<string, () => Promise<Client | undefined> | Client>> = { docker: dockerClient, pier: pierClient };

/**
 * Runs a suite twice, each time on a daemon of its own: with Docker's CLI 28.5 and with pier's.
 *
 * `PIER_TEST_CLIENT=docker` or `pier` chooses one of them.
 */
export function describeWithClients(name: string, body: (pier: Fixture) => void, options: Omit<FixtureOptions, 'client'> = {}): void {
  const chosen = process.env['PIER_TEST_CLIENT'];
  for (const [clientName, client] of Object.entries(CLIENTS)) {
    if (chosen !== undefined && chosen !== clientName) continue;
    describe(`${name}, by ${clientName}`, { skip: missingMaterial() }, () => body(useDaemon({ ...options, client })));
  }
}

/** Why no end-to-end test can run on this machine; `false` when they can. For the `skip` option of node:test. */
export function missingMaterial(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  return missingShared(SHARED.alpineTar, SHARED.busyboxLayout, SHARED.specs);
}

/** A fixture over a daemon that a test made itself. */
export function fixtureOf(daemon: TestDaemon, client: Client = pierClient()): Fixture {
  return makeFixture(
    () => daemon,
    () => client,
  );
}

function makeFixture(daemon: () => TestDaemon, client: () => Client): Fixture {
  const sessions: TtySession[] = [];
  const children: ChildProcess[] = [];
  const fixture: Fixture = {
    get daemon() {
      return daemon();
    },
    get client() {
      return client();
    },
    cli: async (...args) => await run(client(), args, { host: daemon().host }),
    ok: async (...args) => {
      const result = await fixture.cli(...args);
      if (result.exitCode !== 0) {
        throw new Error(`${client().name} ${args.join(' ')}: exit code ${result.exitCode}\n${result.stdout}${result.stderr}`);
      }
      return result.stdout.replace(/\n$/, '');
    },
    cliWith: async (runOptions, ...args) => await run(client(), args, { ...runOptions, host: daemon().host }),
    tty: (...args) => {
      const session = startOnTty(client(), args, { host: daemon().host });
      sessions.push(session);
      return session;
    },
    background: (...args) => {
      const child = start(client(), args, { host: daemon().host });
      children.push(child);
      return child;
    },
    endClients: async () => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
      await Promise.all(sessions.splice(0).map((session) => session[Symbol.asyncDispose]()));
    },
  };
  return fixture;
}

const BUSYBOX_MANIFEST = JSON.stringify([
  {
    Config: 'blobs/sha256/db287cb6be81219cd18c1d82b70908f5d33eb028568b456f78eedff2ff2930e4',
    RepoTags: ['busybox:1.37.0-glibc'],
    Layers: ['blobs/sha256/436a1b1fd078ee8e117111472724c2827077657189af7a781829d0825d48d2ab'],
  },
]);

/** Brings one of the real images in over the API: Alpine's root file system as `alpine`, the busybox layout as `busybox`. */
export async function bringIn(daemon: TestDaemon, image: 'alpine' | 'busybox'): Promise<void> {
  const response =
    image === 'alpine'
      ? await daemon.api('POST', '/images/create?fromSrc=-&repo=alpine&changes=CMD%20%5B%22%2Fbin%2Fsh%22%5D', {
          body: createReadStream(SHARED.alpineTar),
        })
      : await daemon.api('POST', '/images/load?quiet=1', { body: busyboxArchive() });
  if (response.status !== 200 || /"error"/.test(response.body.toString())) {
    throw new Error(`Cannot bring in ${image}: ${response.status} ${response.body.toString()}`);
  }
}

/** The busybox OCI layout as a gzip'ed tar, as `tar cz -C DIR .` makes it. */
export function busyboxArchive(): Readable {
  return packDirectory(SHARED.busyboxLayout).pipe(createGzip());
}

function packDirectory(directory: string): Pack {
  const archive = pack();
  // dockerd 28 takes no plain OCI layout: what it loads has its own manifest beside.
  if (IS_PEER) archive.entry({ name: 'manifest.json' }, BUSYBOX_MANIFEST);
  void addDirectory(archive, directory, '').then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return archive;
}

async function addDirectory(archive: Pack, directory: string, prefix: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) {
      archive.entry({ name: `${name}/`, type: 'directory' });
      await addDirectory(archive, `${directory}/${entry.name}`, `${name}/`);
    } else archive.entry({ name }, await readFile(`${directory}/${entry.name}`));
  }
}

function fail(state: string): never {
  throw new Error(`Cannot use the fixture: ${state}`);
}
