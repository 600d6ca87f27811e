import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { Engine } from '../engine.ts';

const isRoot = process.getuid?.() === 0;
const ENGINE = new URL('../engine.ts', import.meta.url).href;

describe('An engine one of whose steps fails', { skip: isRoot ? false : 'needs root' }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'pier-failing-'));
  const config = { root: join(dir, 'root'), state: join(dir, 'state') };

  afterEach(async () => {
    await using engine = await Engine.open(config);
    for (const { id } of engine.containers.list()) await engine.containers.remove(id, { force: true });
  });

  after(() => rmSync(dir, { recursive: true }));

  /** Runs code on an engine in a process of its own; `c` are its containers, `S` is a spec. */
  function run(failpoints: string, code: string): { readonly signal: string | null; readonly output: unknown; readonly stderr: string } {
    const script = `
      import { EMPTY_SPEC, Engine } from '${ENGINE}';
      const engine = await Engine.open(${JSON.stringify(config)});
      const c = engine.containers;
      const S = { ...EMPTY_SPEC, image: 'pier/starter', networkMode: 'none' };
      const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      const until = async (test) => { for (let i = 0; i < 500 && !test(); i++) await sleep(10); };
      const print = (value) => console.log(JSON.stringify(value));
      ${code}
      await engine.close();`;
    const { signal, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      env: { ...process.env, PIER_FAILPOINTS: failpoints },
      encoding: 'utf8',
      timeout: 30_000,
    });
    const output: unknown = stdout === '' ? undefined : JSON.parse(stdout);
    return { signal, output, stderr };
  }

  // It stayed "removing", nothing could be done with it, and `docker run --rm` waited for ever.
  it('remove() that fails half-way leaves a dead container that can be removed', () => {
    const { output, stderr } = run(
      'container.remove.marked=error',
      `const { id } = await c.create({ ...S, autoRemove: true, command: ['true'] });
       const removed = c.wait(id, 'removed');
       await c.start(id);
       const { error } = await removed;
       const { status } = c.get(id).state;
       await c.remove(id);
       print([error !== '', status, c.list().length]);`,
    );
    assert.deepEqual([output, stderr], [[true, 'dead', 0], '']);
  });

  // The look at containers without monitor had nobody to take its errors: the whole process died of them.
  it('an end without monitor that cannot be recorded is tried again', () => {
    const { output, stderr } = run(
      'container.end.recorded=error',
      `const { id } = await c.create({ ...S, command: ['sleep', '1000'] });
       await c.start(id);
       const { monitorPid, pid } = c.get(id).state;
       process.kill(monitorPid, 'SIGKILL');
       process.kill(pid, 'SIGKILL');
       await until(() => c.get(id).state.status === 'exited');
       print(c.get(id).state.exitCode);`,
    );
    assert.deepEqual([output, stderr], [255, '']);
  });

  it('create() that fails leaves nothing', () => {
    const { output } = run('container.create.prepared=error', `await c.create({ ...S, command: ['true'] }).catch(() => print('failed'));`);
    assert.equal(output, 'failed');
    assert.deepEqual(readdirSync(join(config.root, 'containers')), []);
  });

  it('a restart policy is followed although the last run could not be taken down', () => {
    const { output } = run(
      'container.teardown.runtime=error',
      `const { id } = await c.create({ ...S, restartPolicy: { name: 'always', maximumRetryCount: 0 }, command: ['false'] });
       await c.start(id);
       await until(() => c.get(id).state.restartCount > 1);
       print(c.get(id).state.restartCount > 1);
       await c.remove(id, { force: true });`,
    );
    assert.equal(output, true);
  });

  // It was forgotten, for its row said "exited" already.
  it('a container that removes itself is gone after a crash between its end and its removal', async () => {
    for (const place of ['container.end.recorded', 'container.teardown.bundle', 'container.end.torn-down']) {
      const { signal } = run(
        `${place}=kill`,
        `const { id } = await c.create({ ...S, autoRemove: true, command: ['true'] });
         await c.start(id);
         await sleep(10_000);`,
      );
      assert.equal(signal, 'SIGKILL', place);
      await using engine = await Engine.open(config);
      assert.deepEqual(engine.containers.list(), [], place);
    }
  });

  // Recovery emptied what the export had mounted, which was the container's own files, and then could not open at all.
  it('a crash during an export of a container costs it nothing', () => {
    const { signal } = run(
      '',
      `const { id } = await c.create({ ...S, command: ['sh', '-c', 'echo mine > /mine'] });
       await c.start(id);
       await until(() => c.get(id).state.status === 'exited');
       const tar = await c.export(id);
       tar.once('data', () => process.kill(process.pid, 'SIGKILL'));
       await sleep(10_000);`,
    );
    assert.equal(signal, 'SIGKILL');
    const { output } = run(
      '',
      `const chunks = [];
       for await (const chunk of await c.export(c.list()[0].id)) chunks.push(chunk);
       print(Buffer.concat(chunks).includes('mine\\n'));`,
    );
    assert.equal(output, true);
    assert.deepEqual(readdirSync(join(config.state, 'x')), []);
  });

  it('open() goes on although one container cannot be put in order', async () => {
    run(
      '',
      `const { id } = await c.create({ ...S, command: ['sleep', '1000'] });
       await c.start(id);
       const { monitorPid, pid } = c.get(id).state;
       process.kill(monitorPid, 'SIGKILL');
       process.kill(pid, 'SIGKILL');
       process.kill(process.pid, 'SIGKILL');`,
    );
    const { output } = run('container.teardown.runtime=error', `print(c.list().map(({ state }) => state.status));`);
    assert.deepEqual(output, ['exited']);
  });

  it('a container whose runtime is not registered any more is adopted all the same', () => {
    const { output } = run(
      '',
      `const other = { ...${JSON.stringify(config)}, runtimes: { other: { path: 'crun' } } };
       await engine.close();
       const first = await Engine.open(other);
       const { id } = await first.containers.create({ ...S, runtime: 'other', command: ['sleep', '1000'] });
       await first.containers.start(id);
       await first.close();
       const second = await Engine.open(${JSON.stringify(config)});
       const { status } = second.containers.get(id).state;
       await second.containers.remove(id, { force: true });
       await second.close();
       print(status);`,
    );
    assert.equal(output, 'running');
  });
});
