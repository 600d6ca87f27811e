// Some 800 command lines, each by Docker's CLI and by pier's, compared with what Docker answered when it was recorded.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { missingMaterial } from '../harness/fixture.ts';
import { readCases } from './case-file.ts';
import { formatDifference } from './print-report.ts';
import { comparePier } from './run-all.ts';
import { readRecording } from './transcript.ts';

const CLIENTS = ['docker', 'pier'] as const;

function cannotCompare(): string | false {
  return existsSync('/sys/fs/cgroup/cgroup.controllers') ? 'recorded on cgroup version 1' : missingMaterial();
}

test('pier answers as Docker did', { skip: cannotCompare() }, async (t) => {
  const cases = await readCases();
  const topics = [...new Set(cases.map(({ topic }) => topic))];
  const recordings = await Promise.all(topics.map((topic) => readRecording(topic)));
  const { differences, comparison, failures } = await comparePier(cases, new Map(recordings.flatMap((one) => [...one])));
  for (const client of CLIENTS) {
    for (const topic of topics) {
      await t.test(`${topic}, by ${client}`, () => {
        const found = differences.filter((one) => one.client === client && one.name.startsWith(`${topic}/`));
        assert.equal(found.map(formatDifference).join('\n'), '');
      });
    }
  }
  await t.test('every case ran', () => assert.deepEqual(failures, []));
  await t.test('every known difference is there', () => assert.deepEqual(comparison.unused, []));
});
