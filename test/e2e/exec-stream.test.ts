// The connection of an exec, as clients take it over that are not Docker's own.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { missingMaterial, useDaemon } from '../harness/fixture.ts';
import { hijack, streamText } from '../harness/http.ts';
import { PATIENCE } from '../harness/patience.ts';

describe('the stream of an exec', { skip: missingMaterial() }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'pt-gate-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const gate = join(directory, 'gate');
  // A crun that begins an exec once the gate is there.
  const runtime = join(directory, 'crun');
  writeFileSync(runtime, `#!/bin/sh\ncase " $* " in *" exec "*) until [ -e ${gate} ]; do sleep 0.05; done ;; esac\nexec crun "$@"\n`);
  chmodSync(runtime, 0o755);
  const pier = useDaemon({ args: ['--add-runtime', `gated=${runtime}`] });

  // docker-py reads the head through a buffer and the rest past it: what comes along with the head is lost to it. dockerd answers
  // before it starts the command, so there it seldom happens.
  it('is there before the command is started', { timeout: 60_000 * PATIENCE }, async () => {
    await pier.ok('run', '-d', '--name', 'behind', '--runtime', 'gated', 'alpine', 'sleep', '1000');
    const { Id } = await pier.daemon.json<{ Id: string }>('POST', '/containers/behind/exec', {
      status: 201,
      json: { Cmd: ['echo', 'said'], AttachStdout: true },
    });
    const client = await hijack(pier.daemon.directSocket, `/v1.51/exec/${Id}/start`, { Detach: false, Tty: false });
    assert.equal(client.status, 101);
    assert.equal(client.received().length, 0);
    writeFileSync(gate, '');
    assert.equal(streamText(await client.ended), 'said\n');
    client.socket.destroy();
  });
});
