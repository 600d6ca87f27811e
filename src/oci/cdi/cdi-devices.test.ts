import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readCdiDevices } from './cdi-devices.ts';

const dir = mkdtempSync(join(tmpdir(), 'pier-cdi-'));
after(() => rmSync(dir, { recursive: true }));

function folder(name: string, files: Readonly<Record<string, unknown>>): string {
  const path = join(dir, name);
  mkdirSync(path, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(path, file), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return path;
}

const spec = (...devices: readonly object[]): object => ({ cdiVersion: '0.6.0', kind: 'acme.com/widget', devices });

test('readCdiDevices() joins what is for all devices with what is for one', async () => {
  const edits = { env: ['A=1'] };
  const path = folder('join', { 'a.json': { ...spec({ name: 'x', containerEdits: { env: ['B=2'] } }), containerEdits: edits } });
  const { edits: found, problems } = await readCdiDevices([join(dir, 'nowhere'), path]);
  assert.deepEqual([...found], [['acme.com/widget=x', [edits, { env: ['B=2'] }]]]);
  assert.deepEqual(problems, []);
});

test('readCdiDevices() has no device that two files of one folder describe', async () => {
  const path = folder('twice', {
    'a.json': spec({ name: 'x' }, { name: 'y' }),
    'b.json': spec({ name: 'x' }),
    'c.json': spec({ name: 'x' }),
  });
  assert.deepEqual([...(await readCdiDevices([path])).edits.keys()], ['acme.com/widget=y']);
});

test('readCdiDevices() refuses whole files that it does not understand', async () => {
  const bad: Readonly<Record<string, unknown>> = {
    'a.json': '{',
    'b.json': [],
    'c.json': { ...spec({ name: 'x' }), cdiVersion: '9.0.0' },
    'd.json': { ...spec({ name: 'x' }), kind: '../x' },
    'e.json': spec(),
    'f.json': spec({ name: 'x y' }),
    'g.json': spec({ name: 'x', containerEdits: { netDevices: [] } }),
    'h.json': spec({ name: 'x', containerEdits: { hooks: [{ hookName: 'sometime', path: '/x' }] } }),
    'i.json': spec({ name: 'x', containerEdits: { deviceNodes: [{ path: '/dev/x', major: '1' }] } }),
    'j.json': spec({ name: 'x', containerEdits: { mounts: [{ hostPath: '/x' }] } }),
    'k.json': spec({ name: 'x', containerEdits: { env: ['X'] } }),
    'l.yaml': 'a: &a [*a]',
    'm.yaml': `b: &a [x]\n${'c: [*a, *a]\n'.repeat(200)}`,
  };
  const { edits, problems } = await readCdiDevices([folder('bad', bad)]);
  assert.deepEqual([...edits.keys()], []);
  assert.equal(problems.length, Object.keys(bad).length);
});
