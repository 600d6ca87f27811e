import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCases } from './case-file.ts';
import { Comparison, difference } from './compare.ts';
import { KNOWN_DIFFERENCES, type KnownDifference } from './known-differences.ts';
import { Mask } from './mask.ts';
import type { Transcript } from './transcript.ts';

function transcript(...lines: readonly string[]): Transcript {
  return { name: 'topic/title', answers: [{ command: 'docker ps', lines }] };
}

test('lines that differ are found among those that do not', () => {
  assert.deepEqual(difference(['a', 'b', 'c'], ['a', 'x', 'c', 'd']), [' a', '-b', '+x', ' c', '+d']);
});

test('a difference is reported unless every line of it is listed', () => {
  const known: KnownDifference = { client: 'pier', where: /^topic\/title \$ docker ps$/, line: /^[-+]\| [xy]$/, reason: '' };
  const comparison = new Comparison([known]);
  assert.deepEqual(comparison.compare('pier', transcript('| x'), transcript('| y')), []);
  assert.deepEqual(comparison.compare('docker', transcript('| x'), transcript('| y'))[0]?.lines, ['-| x', '+| y']);
  assert.deepEqual(comparison.compare('pier', transcript('| x', '= 1'), transcript('| y'))[0]?.lines, ['-| x', '-= 1', '+| y']);
  assert.deepEqual([comparison.answers, comparison.excused], [3, 1]);
});

test('what is listed and not there is told', () => {
  const known: KnownDifference = { line: /x/, reason: '' };
  const comparison = new Comparison([known]);
  comparison.compare('pier', transcript('| x'), transcript('| x'));
  assert.deepEqual(comparison.unused, [known]);
});

test('a command line that was recorded otherwise is a difference', () => {
  const other = { name: 'topic/title', answers: [{ command: 'docker ps -a', lines: [] }] };
  assert.equal(new Comparison([]).compare('pier', other, transcript()).length, 1);
});

test('every known difference has its reason', () => {
  for (const { reason, line } of KNOWN_DIFFERENCES) assert.match(reason, /^[^ ].{10,}[.:]|SRun\.$/, String(line));
});

test('ids, times, addresses and paths are masked, and the same one alike', () => {
  const mask = new Mask([['/root', '<root>']]);
  const id = 'ab'.repeat(32);
  assert.equal(
    mask.apply(`${id} ${id.slice(0, 12)} ${'cd'.repeat(6)} /root/x 172.17.0.2 02:42:ac:11:00:02`),
    '<id-1> <id-0000001> <id-0000002> <root>/x <ip-1> <mac-1>',
  );
  assert.equal(mask.apply('2026-11-28T16:36:14.009731859Z 0001-01-01T00:00:00Z'), '<time> 0001-01-01T00:00:00Z');
  assert.equal(mask.apply('NAME   STATUS\na      Up 3 seconds      x'), 'NAME   STATUS\na   Up <duration>   x');
});

test('case files have titles, steps and comments', () => {
  const cases = parseCases('t', '# about\n== one\n- make\n$ docker ps \\\n-a\n? ready\n\n== two\n$ x\n');
  assert.deepEqual(cases, [
    {
      name: 't/one',
      topic: 't',
      steps: [
        { kind: 'prepare', command: 'make' },
        { kind: 'compare', command: 'docker ps -a' },
        { kind: 'await', command: 'ready' },
      ],
    },
    { name: 't/two', topic: 't', steps: [{ kind: 'compare', command: 'x' }] },
  ]);
  assert.throws(() => parseCases('t', '== one\ndocker ps\n'), /neither a title nor a step/);
  assert.throws(() => parseCases('t', '== one\n== one\n'), /twice/);
});
