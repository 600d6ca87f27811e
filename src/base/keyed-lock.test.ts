import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeyedLock } from './keyed-lock.ts';

describe('KeyedLock', () => {
  it('run() does the work on one key one after the other, whatever becomes of it', async () => {
    const lock = new KeyedLock();
    const order: string[] = [];
    const work = (name: string) => async (): Promise<string> => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} ends`);
      if (name === 'first') throw new Error('first');
      return name;
    };
    const first = assert.rejects(lock.run('a', work('first')), /first/);
    const second = lock.run('a', work('second'));
    assert.ok(lock.isBusy('a'));
    await first;
    assert.equal(await second, 'second');
    assert.deepEqual(order, ['first begins', 'first ends', 'second begins', 'second ends']);
    assert.equal(lock.isBusy('a'), false);
  });

  it('run() lets different keys overtake each other', async () => {
    const lock = new KeyedLock();
    const slow = Promise.withResolvers<void>();
    const held = lock.run('a', () => slow.promise);
    await lock.run('b', async () => {});
    slow.resolve();
    await held;
  });

  it('idle() waits for what runs and for what it starts', async () => {
    const lock = new KeyedLock();
    let isDone = false;
    void lock.run('a', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      void lock.run('b', async () => {
        await new Promise((resolve) => setImmediate(resolve));
        isDone = true;
      });
    });
    await lock.idle();
    assert.ok(isDone);
  });
});
