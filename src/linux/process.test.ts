import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isProcessAlive, processStartTicks, signalProcess } from './process.ts';
import { spawnProcess } from './spawn.ts';

describe('signalProcess()', () => {
  it('ends the process that is meant', async () => {
    const child = spawnProcess({ file: '/bin/sleep', args: ['60'], env: [] });
    const ticks = processStartTicks(child.pid) ?? 0;
    assert.ok(isProcessAlive(child.pid, ticks));
    assert.equal(signalProcess(child.pid, ticks, 9), true);
    assert.equal((await child.exited).signal, 'SIGKILL');
    assert.equal(signalProcess(child.pid, ticks, 9), false);
    assert.equal(isProcessAlive(child.pid, ticks), false);
  });

  it('spares a process of another age with the same pid', async () => {
    const child = spawnProcess({ file: '/bin/sleep', args: ['60'], env: [] });
    const ticks = processStartTicks(child.pid) ?? 0;
    assert.equal(signalProcess(child.pid, ticks - 1, 9), false);
    assert.ok(isProcessAlive(child.pid, ticks));
    signalProcess(child.pid, ticks, 9);
    await child.exited;
  });
});
