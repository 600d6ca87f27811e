import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { EMPTY_SPEC, Engine } from '../engine.ts';

const isRoot = process.getuid?.() === 0;

// A verb that did not end held the container's lock: nothing could be done with the container any more, not even rm -f.
describe('A runtime that hangs', { skip: isRoot ? false : 'needs root' }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'pier-hanging-'));
  const program = join(dir, 'runtime');
  const hangAt = join(dir, 'verb');
  writeFileSync(program, `#!/bin/sh\nfor word; do test "$word" = "$(cat ${hangAt})" && exec sleep 1000; done\nexec crun "$@"\n`);
  chmodSync(program, 0o755);

  after(() => rmSync(dir, { recursive: true }));

  it('is given up after a while, and the container can be used again', async () => {
    writeFileSync(hangAt, 'create');
    await using engine = await Engine.open({
      root: join(dir, 'root'),
      state: join(dir, 'state'),
      runtimes: { hanging: { path: program, verbLimitMs: 2000 } },
    });
    const { containers } = engine;
    const spec = { ...EMPTY_SPEC, image: 'pier/starter', networkMode: 'none', runtime: 'hanging', command: ['sleep', '1000'] } as const;
    const { id } = await containers.create(spec);
    const said = /the runtime "hanging" did not finish "create" within 2 seconds and was ended/;
    await assert.rejects(containers.start(id), said);
    assert.match(containers.get(id).state.error, said);

    writeFileSync(hangAt, 'pause');
    await containers.start(id);
    await assert.rejects(containers.pause(id), /did not finish "pause"/);
    assert.equal(containers.get(id).state.status, 'running');

    writeFileSync(hangAt, '');
    await containers.pause(id);
    await containers.remove(id, { force: true });
    assert.deepEqual(containers.list(), []);
  });
});
