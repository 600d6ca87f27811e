// The daemon dies at every state transition that the code marks, one after the other; the next one must put things right.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pack } from 'tar-stream';
import { IS_PEER, makeDaemon, type TestDaemon } from '../harness/daemon.ts';
import { bringIn, busyboxArchive, missingMaterial } from '../harness/fixture.ts';
import { jsonOf } from '../harness/http.ts';
import { PROJECT_DIR } from '../harness/images.ts';
import { checkInventory, checkNoStrayFiles, checkRootIsEmpty, Inventory } from './inventory.ts';

const BUSYBOX = 'busybox:1.37.0-glibc';

describe('kill -9 at every failpoint', { skip: missingMaterial() || (IS_PEER && 'about pier’s own failpoints') }, () => {
  let daemon: TestDaemon;
  let round = 0;
  before(async () => {
    daemon = await makeDaemon();
  });
  after(() => daemon[Symbol.asyncDispose]());

  const names = findFailpoints();
  it('there are failpoints', () => assert.ok(names.length >= 20, `${names.length} found`));

  for (const name of names) {
    it(name, async () => {
      const inventory = new Inventory();
      const env = { PIER_FAILPOINTS: `${name}=kill` };
      // First without the image, so that what is done once per root is done with the failpoint armed.
      const died = (await diesDuring(env, inventory)) || (await diesDuring(env, inventory));
      assert.ok(died, `no work passes the failpoint ${name}`);

      await daemon.start({});
      await checkInventory(daemon, inventory);
      await checkNoStrayFiles(daemon);
      // And all is well: the same work goes through.
      await work(new Inventory());
      await daemon.removeAllContainers();
      await daemon.removeAllImages();
      await checkNoStrayFiles(daemon);
      checkRootIsEmpty(daemon);
      daemon.assertResponsesValid();
      await daemon.stop();
    });
  }

  /** Starts the daemon, works, and ends it in order; true if it died in between. */
  async function diesDuring(env: Readonly<Record<string, string>>, inventory: Inventory): Promise<boolean> {
    try {
      await daemon.start(env);
      await work(inventory);
      await daemon.removeAllContainers();
      for (const id of inventory.containers.values()) inventory.removed.add(id);
      inventory.containers.clear();
      inventory.running.clear();
      await daemon.stop();
      return daemon.exitSignal === 'SIGKILL';
    } catch (error) {
      await daemon.ended().catch(() => undefined);
      if (daemon.exitSignal === 'SIGKILL') return true;
      throw error;
    }
  }

  /** One of everything. Writes down what was acknowledged. */
  async function work(inventory: Inventory): Promise<void> {
    const tag = `r${++round}`;
    await withImages(inventory, tag);
    const first = await makeContainer(inventory, `${tag}-first`, { NetworkMode: 'bridge' });
    await expect('POST', `/containers/${first}/pause`, 204);
    await expect('POST', `/containers/${first}/unpause`, 204);
    const { Id: exec } = jsonOf<{ Id: string }>(
      await expect('POST', `/containers/${first}/exec`, 201, { Cmd: ['true'], AttachStdout: true }),
    );
    await expect('POST', `/exec/${exec}/start`, 200, {});
    await uncertainly(inventory, [`${tag}-first`, `${tag}-renamed`], async () => {
      await expect('POST', `/containers/${first}/rename?name=${tag}-renamed`, 204);
      inventory.containers.delete(`${tag}-first`);
      inventory.containers.set(`${tag}-renamed`, first);
    });
    const kept = await makeContainer(inventory, `${tag}-kept`, { NetworkMode: 'none' });
    assert.notEqual(kept, first);
    await uncertainly(inventory, [`${tag}-renamed`], async () => {
      inventory.running.delete(first);
      await expect('POST', `/containers/${first}/restart?t=0`, 204);
      await expect('POST', `/containers/${first}/stop?t=0`, 204);
      await expect('POST', `/containers/${first}/wait`, 200);
    });
    await uncertainly(inventory, [`${tag}-renamed`], async () => {
      await expect('DELETE', `/containers/${first}`, 204);
      inventory.containers.delete(`${tag}-renamed`);
      inventory.removed.add(first);
    });
    await passThrough(inventory, `${tag}-short`, { AutoRemove: true });
    await passThrough(inventory, `${tag}-again`, { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 1 } });
    inventory.uncertain.add(`${tag}-again`);
    await expect('POST', '/containers/prune', 200);
  }

  async function withImages(inventory: Inventory, tag: string): Promise<void> {
    await uncertainly(inventory, ['alpine:latest'], async () => {
      await bringIn(daemon, 'alpine');
      inventory.images.add('alpine:latest');
    });
    await uncertainly(inventory, [BUSYBOX], async () => {
      await expect('POST', '/images/load', 200, busyboxArchive());
      await expect('DELETE', `/images/${BUSYBOX}`, 200);
    });
    await uncertainly(inventory, [`${tag}:v1`, `${tag}:v2`], async () => {
      const archive = pack();
      archive.entry({ name: 'file' }, tag);
      archive.finalize();
      await expect('POST', `/images/create?fromSrc=-&repo=${tag}&tag=v1`, 200, archive);
      await expect('POST', `/images/${tag}:v1/tag?repo=${tag}&tag=v2`, 201);
      await expect('DELETE', `/images/${tag}:v1`, 200);
      inventory.images.add(`${tag}:v2`);
    });
    await uncertainly(inventory, [`${tag}:v2`], async () => {
      await expect('DELETE', `/images/${tag}:v2`, 200);
      inventory.images.delete(`${tag}:v2`);
    });
    await uncertainly(inventory, [], () => expect('POST', `/images/prune`, 200));
  }

  /** Creates and starts a container that runs until it is stopped. */
  async function makeContainer(inventory: Inventory, name: string, hostConfig: object): Promise<string> {
    return await uncertainly(inventory, [name], async () => {
      const created = await expect('POST', `/containers/create?name=${name}`, 201, {
        Image: 'alpine',
        Cmd: ['sleep', '1000'],
        HostConfig: hostConfig,
      });
      const { Id } = jsonOf<{ Id: string }>(created);
      await expect('POST', `/containers/${Id}/start`, 204);
      const { State } = jsonOf<{ State: { Pid: number } }>(await expect('GET', `/containers/${Id}/json`, 200));
      inventory.containers.set(name, Id);
      inventory.running.set(Id, State.Pid);
      return Id;
    });
  }

  /** Runs a container that ends by itself. */
  async function passThrough(inventory: Inventory, name: string, hostConfig: object): Promise<void> {
    await uncertainly(inventory, [name], async () => {
      const created = await expect('POST', `/containers/create?name=${name}`, 201, {
        Image: 'alpine',
        Cmd: ['false'],
        HostConfig: { NetworkMode: 'none', ...hostConfig },
      });
      const { Id } = jsonOf<{ Id: string }>(created);
      const isRemoved = 'AutoRemove' in hostConfig;
      const wait = daemon.api('POST', `/containers/${Id}/wait?condition=${isRemoved ? 'removed' : 'next-exit'}`);
      await Promise.all([wait, expect('POST', `/containers/${Id}/start`, 204)]);
      if (isRemoved) inventory.removed.add(Id);
      else await waitUntilExited(Id);
    });
  }

  async function waitUntilExited(id: string): Promise<void> {
    for (let i = 0; i < 200; i++) {
      const { State } = jsonOf<{ State: { Status: string } }>(await expect('GET', `/containers/${id}/json`, 200));
      if (State.Status === 'exited') return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`Cannot see container ${id.slice(0, 12)} give up`);
  }

  async function expect(method: string, path: string, status: number, body?: object): ReturnType<TestDaemon['api']> {
    const isStream = body !== undefined && 'pipe' in body;
    const options =
      body === undefined ? {} : isStream ? { body: body as NodeJS.ReadableStream as import('node:stream').Readable } : { json: body };
    const response = await daemon.api(method, path, options);
    assert.equal(response.status, status, `${method} ${path}: ${response.body.toString()}`);
    return response;
  }
});

/** Names are uncertain while a request about them is open, and certain again once it is answered. */
async function uncertainly<T>(inventory: Inventory, names: readonly string[], act: () => Promise<T>): Promise<T> {
  for (const name of names) inventory.uncertain.add(name);
  const result = await act();
  for (const name of names) inventory.uncertain.delete(name);
  return result;
}

/** Every name in a `failpoint('…')` of the sources. */
function findFailpoints(): string[] {
  const source = join(PROJECT_DIR, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  );
  const names = files.flatMap((file) =>
    [...readFileSync(join(source, file), 'utf8').matchAll(/\bfailpoint\('([^']+)'\)/g)].map(([, name]) => name ?? ''),
  );
  return [...new Set(names)].toSorted();
}
