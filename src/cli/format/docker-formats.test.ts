import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { CommandError } from '../command-error.ts';
import { CONTAINER_TABLE, containerRow } from './container-row.ts';
import { fieldsOfFormat, formatRows } from './table.ts';
import type { ContainerSummary } from '../../wire/index.ts';

/** What `docker ps --format FORMAT` of 28.5 said of the container below. */
interface Recorded {
  readonly format: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const CONTAINER: ContainerSummary = {
  Id: '77898d254a95bf405b3f83481a037c64a4b10c514be7872aa9da8e16935f3a47',
  Names: ['/cli-a'],
  Image: 'cli-alpine',
  ImageID: 'sha256:41559cd47a69d51699d775c2eeddad61806272d7062f871437557d10af3f9593',
  Command: "sleep 1000 'x y'",
  Created: 1795880952,
  Ports: [],
  Labels: { a: 'b', c: 'd' },
  State: 'created',
  Status: 'Created',
  HostConfig: { NetworkMode: 'bridge' },
  NetworkSettings: { Networks: {} },
  Mounts: [],
};

function printed(format: string): Omit<Recorded, 'format'> {
  try {
    if (format.includes('{{')) fieldsOfFormat(CONTAINER_TABLE, format);
    return { stdout: formatRows(CONTAINER_TABLE, format, [containerRow(CONTAINER, true)]), stderr: '', exitCode: 0 };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { stdout: '', stderr: `${error.message}\n`, exitCode: error.exitCode };
  }
}

it('formats and their error texts are Docker’s', () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by us, from Docker's output
  const recorded = JSON.parse(readFileSync(new URL('testdata/docker-formats.json', import.meta.url), 'utf8')) as readonly Recorded[];
  assert.ok(recorded.length > 100);
  for (const { format, ...expected } of recorded) assert.deepEqual({ format, ...printed(format) }, { format, ...expected });
});
