import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { parseSignal, signalNameOf } from './signals.ts';

test('parseSignal() reads every way that people write signals', () => {
  for (const text of ['TERM', 'SIGTERM', 'term', 'sigterm', '15']) assert.equal(parseSignal(text), 15, text);
  assert.equal(parseSignal('RTMIN'), 34);
  assert.equal(parseSignal('SIGRTMIN+3'), 37);
  assert.equal(parseSignal('RTMAX-1'), 63);
  assert.equal(parseSignal('CHLD'), 17);
});

test('parseSignal() knows what is no signal', () => {
  for (const text of ['', 'SIG', 'FOO', '0', '65', '-1', '1.5', 'RTMIN+31', 'RTMAX-31', 'TERMX'])
    assert.equal(parseSignal(text), undefined, text);
});

test('signalNameOf() gives names back', () => {
  for (const name of ['SIGTERM', 'SIGKILL', 'SIGCHLD', 'SIGABRT', 'SIGIO', 'SIGRTMIN', 'SIGRTMIN+3']) {
    assert.equal(signalNameOf(parseSignal(name) ?? 0), name);
  }
});
