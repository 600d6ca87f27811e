import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CommandError } from '../command-error.ts';
import { CONTAINER_TABLE, containerRow } from './container-row.ts';
import { fieldsOfFormat, formatRows } from './table.ts';
import type { ContainerSummary } from '../../wire/index.ts';

const CONTAINER: ContainerSummary = {
  Id: 'f3d19df7c2d1a01ec97c8239f6ea0034e51f22969ac9235d30bb4cceb3b70938',
  Names: ['/web'],
  Image: 'site/alpine:one',
  ImageID: 'sha256:d0094fdd670441f19b92e315db8de175840f61817463526f08d013deb28575b9',
  Command: `sh -c 'echo "hi there"; sleep 300'`,
  Created: 1795771590,
  Ports: [],
  Labels: { x: 'y', 'com.foo-bar': 'q' },
  State: 'running',
  Status: 'Up 7 minutes',
  HostConfig: { NetworkMode: 'none' },
  NetworkSettings: { Networks: {} },
  Mounts: [],
};

const ROWS = [containerRow(CONTAINER, true)];

/** Formats and what `docker ps` printed for them. */
const CASES: readonly (readonly [format: string, output: string])[] = [
  ['table {{.ID}}\\t{{.Names}}', 'CONTAINER ID   NAMES\nf3d19df7c2d1   web\n'],
  ['table {{.Command}}\\t{{.Status}}', 'COMMAND                   STATUS\n"sh -c \'echo \\"hi the…"   Up 7 minutes\n'],
  ['table {{.Names | upper}} {{json .Image}}|{{truncate .ID 3}}', 'NAMES IMAGE|CONTAINER ID\nWEB "site/alpine:one"|f3d\n'],
  ['table {{.Label "x"}}\\t{{.Label "com.foo-bar"}}', 'x         foo bar\ny         q\n'],
  ['table {{pad .ID 2 2}}|{{lower .Names}}', '  CONTAINER ID  |NAMES\n  f3d19df7c2d1  |web\n'],
  ['table {{if .ID}}x{{end}}', 'x\nx\n'],
  ['a\\tb\\n{{.ID}}', 'a\tb\nf3d19df7c2d1\n'],
  ['{{.Label "x"}}', 'y\n'],
  ['pretty', 'pretty\n'],
];

for (const [format, output] of CASES) {
  it(`formatRows() with ${format}`, () => assert.equal(formatRows(CONTAINER_TABLE, format, ROWS), output));
}

it('formatRows() prints the default table for an empty format, its header even without rows', () => {
  const header = 'CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n';
  assert.equal(formatRows(CONTAINER_TABLE, '', []), header);
  assert.equal(formatRows(CONTAINER_TABLE, 'table', []), header);
});

it('formatRows() prints nothing for a template without rows', () => {
  assert.equal(formatRows(CONTAINER_TABLE, '{{.ID}}', []), '');
});

it('formatRows() prints JSON with the fields sorted and HTML escaped', () => {
  const row = { ID: '<none>', Command: 'a&b' };
  assert.equal(formatRows(CONTAINER_TABLE, 'json', [{ fields: row }]), '{"Command":"a\\u0026b","ID":"\\u003cnone\\u003e"}\n');
});

it('formatRows() refuses a field that rows do not have, in words of Docker', () => {
  const message = `template parsing error: template: :1:2: executing "" at <.Foo>: can't evaluate field Foo in type *formatter.ContainerContext`;
  assert.throws(() => formatRows(CONTAINER_TABLE, 'table {{.Foo}}', ROWS), new CommandError(message));
});

it('fieldsOfFormat() tells which fields are shown', () => {
  assert.deepEqual([...fieldsOfFormat(CONTAINER_TABLE, 'table {{.ID}}\t{{upper .Size}}{{.Label "x"}}')], ['ID', 'Size']);
  assert.ok(fieldsOfFormat(CONTAINER_TABLE, '{{json .}}').has('Size'));
  assert.throws(
    () => fieldsOfFormat(CONTAINER_TABLE, '{{.ID'),
    new CommandError('failed to parse template: template: :1: unclosed action'),
  );
});

it('containerRow() leaves a tag and drops a digest of an image', () => {
  const image = `site/alpine:one@sha256:${'a'.repeat(64)}`;
  assert.equal(containerRow({ ...CONTAINER, Image: image }, true).fields['Image'], 'site/alpine:one');
  assert.equal(containerRow({ ...CONTAINER, Image: image }, false).fields['Image'], image);
});
