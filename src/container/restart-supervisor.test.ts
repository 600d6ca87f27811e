import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CREATED_STATE } from './container.ts';
import { EMPTY_SPEC } from './container-spec.ts';
import { RestartSupervisor, shallRestart } from './restart-supervisor.ts';
import type { Container, ContainerState } from './container.ts';
import type { RestartPolicy } from './container-spec.ts';

function ended(policy: RestartPolicy, state: Partial<ContainerState> = {}): Container {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is asked about looks at these fields alone
  return { id: 'c1', spec: { ...EMPTY_SPEC, restartPolicy: policy }, state: { ...CREATED_STATE, status: 'exited', ...state } } as Container;
}

describe('shallRestart()', () => {
  it('follows the policy and the exit code', () => {
    const cases: [RestartPolicy['name'], number, Partial<ContainerState>, boolean][] = [
      ['no', 0, { exitCode: 1 }, false],
      ['always', 0, { exitCode: 0 }, true],
      ['always', 0, { exitCode: 0, isStoppedByUser: true }, false],
      ['unless-stopped', 0, { exitCode: 3 }, true],
      ['unless-stopped', 0, { exitCode: 3, isStoppedByUser: true }, false],
      ['on-failure', 0, { exitCode: 0 }, false],
      ['on-failure', 0, { exitCode: 1, restartCount: 100 }, true],
      ['on-failure', 2, { exitCode: 1, restartCount: 1 }, true],
      ['on-failure', 2, { exitCode: 1, restartCount: 2 }, false],
    ];
    for (const [name, maximumRetryCount, state, expected] of cases) {
      assert.equal(shallRestart(ended({ name, maximumRetryCount }, state)), expected, JSON.stringify([name, maximumRetryCount, state]));
    }
  });
});

describe('RestartSupervisor', () => {
  const brief = ended({ name: 'always', maximumRetryCount: 0 }, { startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:01Z' });
  const long = ended({ name: 'always', maximumRetryCount: 0 }, { startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:11Z' });

  it('doubles its delay until a run was long', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let restarts = 0;
    using supervisor = new RestartSupervisor(() => (restarts += 1));
    for (const [container, delayMs] of [
      [brief, 100],
      [brief, 200],
      [brief, 400],
      [long, 100],
      [brief, 200],
    ] as const) {
      const before = restarts;
      supervisor.schedule(container);
      t.mock.timers.tick(delayMs - 1);
      assert.equal(restarts, before);
      t.mock.timers.tick(1);
      assert.equal(restarts, before + 1);
    }
  });

  // A container whose start failed after one long run was started ten times a second without end.
  it('doubles its delay while starts fail, however long the last run was', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let restarts = 0;
    using supervisor = new RestartSupervisor(() => (restarts += 1));
    supervisor.schedule(long);
    t.mock.timers.tick(100);
    assert.equal(restarts, 1);
    supervisor.schedule(long, false);
    t.mock.timers.tick(199);
    assert.equal(restarts, 1);
    t.mock.timers.tick(1);
    assert.equal(restarts, 2);
  });

  it('does nothing once cancelled', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let restarts = 0;
    using supervisor = new RestartSupervisor(() => (restarts += 1));
    supervisor.schedule(brief);
    supervisor.cancel('c1');
    t.mock.timers.tick(1000);
    assert.equal(restarts, 0);
  });
});
