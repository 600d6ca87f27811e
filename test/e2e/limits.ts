import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Fixture } from '../harness/fixture.ts';

/** A value of a running container's cgroup, by the controller's v1 or v2 file. */
export async function limitOf(pier: Fixture, name: string, controller: string, v1File: string, v2File: string): Promise<string> {
  const pid = await pier.ok('inspect', '--format', '{{.State.Pid}}', name);
  const lines = (await readFile(`/proc/${pid}/cgroup`, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(':'));
  const v1 = lines.find(([, controllers]) => controllers?.split(',').includes(controller));
  if (v1 !== undefined) {
    const path = `/sys/fs/cgroup/${controller}${v1[2]}/${v1File}`;
    assert.ok(existsSync(path), path);
    return (await readFile(path, 'utf8')).trim();
  }
  const unified = lines.find(([id]) => id === '0')?.[2] ?? '';
  return (await readFile(`/sys/fs/cgroup${unified}/${v2File}`, 'utf8')).trim();
}
