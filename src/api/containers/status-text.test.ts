import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container } from '../backend.ts';
import { humanDuration, statusText } from './status-text.ts';

const NOW_MS = Date.parse('2026-01-02T03:04:05Z');

function state(fields: Partial<Container['state']>): Container['state'] {
  return {
    status: 'created',
    pid: 0,
    pidStartTicks: 0,
    monitorPid: 0,
    monitorStartTicks: 0,
    isMonitorLost: false,
    exitCode: 0,
    isOomKilled: false,
    error: '',
    failure: undefined,
    startedAt: undefined,
    finishedAt: undefined,
    restartCount: 0,
    isStoppedByUser: false,
    isPausedForCommit: false,
    health: undefined,
    ...fields,
  };
}

test("humanDuration() uses Docker's rough words", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0.4, 'Less than a second'],
    [1, '1 second'],
    [59.9, '59 seconds'],
    [60, 'About a minute'],
    [119, 'About a minute'],
    [120, '2 minutes'],
    [59 * 60, '59 minutes'],
    [3600, 'About an hour'],
    [1.6 * 3600, '2 hours'],
    [47 * 3600, '47 hours'],
    [48 * 3600, '2 days'],
    [13 * 86400, '13 days'],
    [14 * 86400, '2 weeks'],
    [60 * 86400, '2 months'],
    [3 * 365 * 86400, '3 years'],
  ];
  for (const [seconds, text] of cases) assert.equal(humanDuration(seconds), text, `${seconds} s`);
});

test('statusText() describes every state', () => {
  const ago = '2026-01-02T03:02:05.123456789Z';
  assert.equal(statusText(state({ status: 'created' }), NOW_MS), 'Created');
  assert.equal(statusText(state({ status: 'running', startedAt: ago }), NOW_MS), 'Up About a minute');
  assert.equal(statusText(state({ status: 'paused', startedAt: ago }), NOW_MS), 'Up About a minute (Paused)');
  assert.equal(
    statusText(state({ status: 'exited', exitCode: 137, startedAt: ago, finishedAt: '2026-01-02T03:04:02Z' }), NOW_MS),
    'Exited (137) 3 seconds ago',
  );
  assert.equal(statusText(state({ status: 'restarting', exitCode: 1, finishedAt: ago }), NOW_MS), 'Restarting (1) About a minute ago');
  assert.equal(statusText(state({ status: 'removing' }), NOW_MS), 'Removal In Progress');
  assert.equal(statusText(state({ status: 'dead' }), NOW_MS), 'Dead');
});
