import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDatabase } from '../store/index.ts';
import { CONTAINER_SCHEMA, ContainerIndex } from './container-index.ts';
import { EMPTY_SPEC } from './container-spec.ts';

// A root outlives the version that wrote it: what a newer one knows and the document lacks must not be undefined.
test('ContainerIndex completes a container written by an older version', async (context) => {
  const root = mkdtempSync(join(tmpdir(), 'pt-index-'));
  context.after(() => {
    rmSync(root, { recursive: true, force: true });
  });
  using database = openDatabase(join(root, 'pier.db'), [CONTAINER_SCHEMA]);
  const document = { id: 'a'.repeat(64), name: 'old', spec: { image: 'i', resources: { memoryBytes: 7 } }, state: { status: 'exited' } };
  database.transaction(() => {
    database.handle
      .prepare('INSERT INTO container (id, name, document) VALUES (?, ?, ?)')
      .run(document.id, 'old', JSON.stringify(document));
  });

  const { spec, state } = new ContainerIndex(database).get('old');

  assert.deepEqual(spec, { ...EMPTY_SPEC, image: 'i', resources: { ...EMPTY_SPEC.resources, memoryBytes: 7 } });
  assert.equal(state.status, 'exited');
  assert.equal(state.restartCount, 0);
});
