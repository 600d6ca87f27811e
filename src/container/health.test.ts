import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthAfter, healthAtStart, healthUnwatched, probeDelayMs } from './health.ts';
import { EMPTY_HEALTHCHECK, checkHealthcheck, mergeHealthcheck, probeArguments, probePlan } from './healthcheck.ts';
import { CREATED_STATE } from './container.ts';
import type { Container } from './container.ts';
import type { Health, ProbeResult } from './health.ts';

const PLAN = probePlan({ ...EMPTY_HEALTHCHECK, startPeriodNs: 1e9, startIntervalNs: 1e6, intervalNs: 2e9, retries: 2 });
const STARTING: Health = { status: 'starting', failingStreak: 0, log: [] };
const LATE_MS = 5000;

function result(exitCode: number): ProbeResult {
  return { startedAt: '', endedAt: '', exitCode, output: '', failure: undefined };
}

function after(health: Health, sinceStartMs: number, ...exitCodes: readonly number[]): Health {
  return exitCodes.reduce((before, exitCode) => healthAfter(before, result(exitCode), PLAN, sinceStartMs), health);
}

function checked(words: readonly string[], health: Health | undefined): Container {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is asked about looks at these fields alone
  return { shell: [], healthcheck: { ...EMPTY_HEALTHCHECK, test: words }, state: { ...CREATED_STATE, health } } as unknown as Container;
}

test('healthAfter() counts failures in a row, and one success ends them', () => {
  assert.deepEqual([after(STARTING, LATE_MS, 1).status, after(STARTING, LATE_MS, 1, 1).status], ['starting', 'unhealthy']);
  assert.equal(after(STARTING, LATE_MS, 1, 0, 1).status, 'healthy');
  assert.equal(after(STARTING, LATE_MS, 0, -1, 137).status, 'unhealthy');
  assert.deepEqual([after(STARTING, LATE_MS, 1, 1, 1).failingStreak, after(STARTING, LATE_MS, 1, 1, 0).failingStreak], [3, 0]);
});

test('healthAfter() forgives one that was never healthy within its start period, and no other', () => {
  assert.deepEqual([after(STARTING, 999, 1, 1, 1).status, after(STARTING, 999, 1, 1, 1).failingStreak], ['starting', 0]);
  assert.equal(after(STARTING, 1000, 1, 1).status, 'unhealthy');
  assert.equal(after(STARTING, 10, 0, 1, 1).status, 'unhealthy');
});

test('healthAfter() remembers the latest five results', () => {
  const { log } = after(STARTING, LATE_MS, 1, 2, 3, 4, 5, 6, 7);
  assert.deepEqual(
    log.map(({ exitCode }) => exitCode),
    [3, 4, 5, 6, 7],
  );
});

test('probeDelayMs() is the start interval until the start period is over or the container is healthy', () => {
  assert.equal(probeDelayMs(STARTING, PLAN, 999), 1);
  assert.equal(probeDelayMs(STARTING, PLAN, 1000), 2000);
  assert.equal(probeDelayMs({ ...STARTING, status: 'healthy' }, PLAN, 0), 2000);
});

test('a start begins anew but for the log, an end makes unhealthy, and nothing is made up without a check', () => {
  const past = after(STARTING, LATE_MS, 1, 1);
  assert.deepEqual(healthAtStart(checked(['CMD', 'x'], past)), { ...STARTING, log: past.log });
  assert.equal(healthUnwatched(checked(['CMD', 'x'], after(STARTING, LATE_MS, 0)))?.status, 'unhealthy');
  for (const words of [[], ['NONE'], ['FOO', 'x']]) assert.equal(healthAtStart(checked(words, undefined)), undefined);
});

test('probeArguments() runs a command as it is, or by a shell', () => {
  const argumentsOf = (words: readonly string[], shell: readonly string[] = []): readonly string[] | undefined =>
    probeArguments({ healthcheck: { ...EMPTY_HEALTHCHECK, test: words }, shell });
  assert.deepEqual(argumentsOf(['CMD', 'a', 'b c']), ['a', 'b c']);
  assert.deepEqual(argumentsOf(['CMD-SHELL', 'a; b']), ['/bin/sh', '-c', 'a; b']);
  assert.deepEqual(argumentsOf(['CMD-SHELL', 'a'], ['/bin/ash', '-ec']), ['/bin/ash', '-ec', 'a']);
  assert.equal(argumentsOf(['NONE']), undefined);
});

test("mergeHealthcheck() takes the image's for what is not said", () => {
  const image = { ...EMPTY_HEALTHCHECK, test: ['CMD', 'image'], intervalNs: 5e9, retries: 7 };
  const own = { ...EMPTY_HEALTHCHECK, intervalNs: 1e9 };
  assert.deepEqual(mergeHealthcheck(own, image), { ...image, intervalNs: 1e9 });
  assert.deepEqual(mergeHealthcheck({ ...own, test: ['NONE'] }, image)?.test, ['NONE']);
  assert.deepEqual([mergeHealthcheck(undefined, image), mergeHealthcheck(own, undefined)], [image, own]);
});

test('checkHealthcheck() refuses what is too short or negative', () => {
  checkHealthcheck({ ...EMPTY_HEALTHCHECK, intervalNs: 1e6 });
  for (const field of ['intervalNs', 'timeoutNs', 'startPeriodNs', 'startIntervalNs']) {
    for (const ns of [999_999, -1]) {
      const reason = 'container.health-time-too-short';
      assert.throws(() => checkHealthcheck({ ...EMPTY_HEALTHCHECK, [field]: ns }), { reason });
    }
  }
  assert.throws(() => checkHealthcheck({ ...EMPTY_HEALTHCHECK, retries: -1 }), { reason: 'container.health-retries-negative' });
});

test('probePlan() has defaults', () => {
  assert.deepEqual(probePlan(EMPTY_HEALTHCHECK), {
    intervalMs: 30_000,
    timeoutMs: 30_000,
    startPeriodMs: 0,
    startIntervalMs: 5000,
    retries: 3,
  });
});
