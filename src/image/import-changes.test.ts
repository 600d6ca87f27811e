import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PierError } from '../base/errors.ts';
import { EMPTY_RUN_CONFIG } from './image-config.ts';
import { applyChanges } from './import-changes.ts';
import { parseGoDuration } from './go-duration.ts';
import type { ImageRunConfig } from './image.ts';

const CASES: readonly (readonly [name: string, changes: readonly string[], expected: Partial<ImageRunConfig>])[] = [
  ['CMD as a list', ['CMD ["sh", "-l"]'], { command: ['sh', '-l'] }],
  ['CMD as shell text', ['CMD echo "$HOME"'], { command: ['/bin/sh', '-c', 'echo "$HOME"'] }],
  ['CMD that only begins like a list', ['CMD [ -f x ] && y'], { command: ['/bin/sh', '-c', '[ -f x ] && y'] }],
  ['ENTRYPOINT, which keeps a command set beside it', ['CMD ["b"]', 'ENTRYPOINT ["a"]'], { entrypoint: ['a'], command: ['b'] }],
  ['ENV with =', ['ENV A=b C="d e" F=g\\ h I=\'$A\''], { env: ['A=b', 'C=d e', 'F=g h', 'I=$A'] }],
  ['ENV with a space', ['env  A  b c'], { env: ['A=b c'] }],
  ['ENV that replaces and expands', ['ENV A=1', 'ENV A=2 B=$A', 'ENV C=${B}x${D:-y}${A:+z}'], { env: ['A=2', 'B=1', 'C=1xyz'] }],
  [
    'EXPOSE',
    ['EXPOSE 80 443/TCP 53/udp 8000-8001', 'EXPOSE 80'],
    { exposedPorts: ['443/tcp', '53/udp', '80/tcp', '8000/tcp', '8001/tcp'] },
  ],
  ['LABEL', ['LABEL x=y "a b"="c d"', 'LABEL x z'], { labels: { x: 'z', 'a b': 'c d' } }],
  ['USER', ['USER u:g'], { user: 'u:g' }],
  ['VOLUME in both forms', ['VOLUME /b /a', 'VOLUME ["/c d"]'], { volumes: ['/a', '/b', '/c d'] }],
  ['WORKDIR, relative to the last', ['WORKDIR foo', 'WORKDIR ../bar'], { workingDir: '/bar' }],
  ['STOPSIGNAL', ['STOPSIGNAL SIGQUIT'], { stopSignal: 'SIGQUIT' }],
  ['ONBUILD', ['ONBUILD RUN x  y', 'ONBUILD USER $z'], { onBuild: ['RUN x  y', 'USER $z'] }],
  ['a continued line and a comment', ['# nothing\nENV A=1 \\\n  B=2'], { env: ['A=1', 'B=2'] }],
  [
    'HEALTHCHECK with flags',
    ['HEALTHCHECK --interval=5s --timeout=1m30s --retries=3 CMD true'],
    { healthcheck: { test: ['CMD-SHELL', 'true'], intervalNs: 5e9, timeoutNs: 90e9, startPeriodNs: 0, startIntervalNs: 0, retries: 3 } },
  ],
  [
    'HEALTHCHECK as a list, and none',
    ['HEALTHCHECK CMD ["a"]', 'HEALTHCHECK NONE'],
    { healthcheck: { test: ['NONE'], intervalNs: 0, timeoutNs: 0, startPeriodNs: 0, startIntervalNs: 0, retries: 0 } },
  ],
];

for (const [name, changes, expected] of CASES) {
  it(`applyChanges() reads ${name}`, () => {
    assert.deepEqual(applyChanges(EMPTY_RUN_CONFIG, changes), { ...EMPTY_RUN_CONFIG, ...expected });
  });
}

it('applyChanges() drops the command of before when only an entry point is set', () => {
  assert.equal(applyChanges({ ...EMPTY_RUN_CONFIG, command: ['old'] }, ['ENTRYPOINT ["a"]']).command, undefined);
});

// What dockerd 28.5 refuses.
const BAD: readonly (readonly [change: string, instruction: string, problem: string])[] = [
  ['FROM x', 'FROM', 'not-allowed'],
  ['shell ["sh"]', 'shell', 'not-allowed'],
  ['RUN x', 'RUN', 'not-allowed'],
  ['__proto__ x', '__proto__', 'not-allowed'],
  ['ENV', 'ENV', 'syntax'],
  ['ENV a', 'ENV', 'syntax'],
  ['ENV a=b c', 'ENV', 'syntax'],
  ['ENV =b', 'ENV', 'syntax'],
  ['ENV a=${b', 'ENV', 'syntax'],
  ['ENV a="b', 'ENV', 'syntax'],
  ['EXPOSE abc', 'EXPOSE', 'syntax'],
  ['EXPOSE 70000', 'EXPOSE', 'syntax'],
  ['HEALTHCHECK foo', 'HEALTHCHECK', 'syntax'],
  ['HEALTHCHECK --interval=x CMD a', 'HEALTHCHECK', 'syntax'],
  ['CMD [1]', 'CMD', 'syntax'],
  ['VOLUME ""', 'VOLUME', 'syntax'],
  ['STOPSIGNAL foo', 'STOPSIGNAL', 'syntax'],
  ['onbuild from x', 'ONBUILD', 'syntax'],
  ['USER', 'USER', 'syntax'],
  ['', '', 'syntax'],
];

for (const [change, instruction, problem] of BAD) {
  it(`applyChanges() refuses ${JSON.stringify(change)}`, () => {
    assert.throws(
      () => applyChanges(EMPTY_RUN_CONFIG, [change]),
      (error) => {
        assert.ok(error instanceof PierError && error.code === 'InvalidArgument', String(error));
        assert.equal(error.reason, 'image.bad-change');
        assert.equal(error.facts['instruction']?.toUpperCase(), instruction.toUpperCase());
        assert.equal(error.facts['problem'], problem);
        return true;
      },
    );
  });
}

it('parseGoDuration() reads what Go writes', () => {
  const found = ['1h2m3.5s', '100ms', '1.5h', '-2s', '0', '.5s', '5', 's', '', '1d', '1s '].map(parseGoDuration);
  assert.deepEqual(found, [3723.5e9, 1e8, 5400e9, -2e9, 0, 5e8, undefined, undefined, undefined, undefined, undefined]);
});
