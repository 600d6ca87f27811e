import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedLock } from './keyed-lock.ts';
import { Trace, traceStep } from './trace.ts';
import type { TraceStep } from './trace.ts';

function step(name: string): void {
  traceStep('record', () => ({ name }));
}

test('a trace hears the steps of its work, and of no other', async () => {
  const heard: TraceStep[] = [];
  using trace = new Trace((taken) => heard.push(taken));
  step('before');
  await trace.run(async () => {
    step('one');
    await new Promise(setImmediate);
    step('two');
  });
  step('after');
  assert.deepEqual(heard, [
    { kind: 'record', facts: { name: 'one' } },
    { kind: 'record', facts: { name: 'two' } },
  ]);
});

// The end of a container comes as an event of the kernel's, not out of the request that started it.
test('a trace hears later work on the subjects that its own work was on', async () => {
  const heard: unknown[] = [];
  const locks = new KeyedLock();
  const trace = new Trace(({ facts }) => heard.push(facts['name']));
  await trace.run(() => locks.run('a', async () => step('start of a')));
  await locks.run('b', async () => step('end of b'));
  await locks.run('a', async () => step('end of a'));
  trace[Symbol.dispose]();
  await locks.run('a', async () => step('too late'));
  assert.deepEqual(heard, ['start of a', 'end of a']);
});

test('facts are not even made when nobody listens', () => {
  traceStep('record', () => assert.fail('made'));
});
