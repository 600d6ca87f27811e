import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { PierError, hasCode } from '../base/errors.ts';
import { openDatabase } from './open-database.ts';

let dir = '';
let path = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pier-db-'));
  path = join(dir, 'pier.db');
});
afterEach(() => rmSync(dir, { recursive: true }));

const ONE = 'CREATE TABLE thing (name TEXT) STRICT';
const TWO = 'ALTER TABLE thing ADD COLUMN size INTEGER';

it('openDatabase() runs the migrations that are due, each once', () => {
  {
    using database = openDatabase(path, [{ noun: 'thing', migrations: [ONE] }]);
    database.handle.exec("INSERT INTO thing VALUES ('a')");
  }
  for (let i = 0; i < 2; i++) {
    using database = openDatabase(path, [
      { noun: 'thing', migrations: [ONE, TWO] },
      { noun: 'other', migrations: ['CREATE TABLE other (x)'] },
    ]);
    assert.deepEqual({ ...database.handle.prepare('SELECT * FROM thing').get() }, { name: 'a', size: null });
  }
});

it('openDatabase() leaves everything as it was when a migration fails', () => {
  openDatabase(path, [{ noun: 'thing', migrations: [ONE] }])[Symbol.dispose]();
  assert.throws(() => openDatabase(path, [{ noun: 'thing', migrations: [ONE, TWO, 'nonsense'] }]));
  using database = openDatabase(path, [{ noun: 'thing', migrations: [ONE] }]);
  assert.equal(database.handle.prepare("SELECT count(*) AS n FROM pragma_table_info('thing')").get()?.['n'], 1);
});

it('openDatabase() refuses what a newer pier wrote, and changes nothing', () => {
  openDatabase(path, [{ noun: 'thing', migrations: [ONE, TWO] }])[Symbol.dispose]();
  const before = readFileSync(path);
  for (const [migrations, known] of [
    [[ONE], '1'],
    [[], '0'],
  ] as const) {
    assert.throws(
      () => openDatabase(path, [{ noun: 'thing', migrations }]),
      (e) => e instanceof PierError && e.reason === 'root.newer' && e.facts['found'] === '2' && e.facts['known'] === known,
    );
  }
  assert.throws(
    () => openDatabase(path, []),
    (e) => hasCode(e, 'Conflict'),
  );
  assert.deepEqual(readFileSync(path), before);
});

it('openDatabase() tells damage from other failures', () => {
  {
    using database = openDatabase(path, [{ noun: 'thing', migrations: [ONE] }]);
    const insert = database.handle.prepare('INSERT INTO thing VALUES (?)');
    database.transaction(() => {
      for (let i = 0; i < 2000; i++) insert.run('x'.repeat(50));
    });
  }
  const whole = readFileSync(path);
  truncateSync(path, whole.length - 20_000);
  const isDataLoss = (error: unknown): boolean => hasCode(error, 'DataLoss');
  assert.throws(() => openDatabase(path, []), isDataLoss);
  writeFileSync(path, whole.fill(0x41, 0, 64));
  assert.throws(() => openDatabase(path, []), isDataLoss);
  assert.throws(
    () => openDatabase(join(dir, 'absent', 'pier.db'), []),
    (e) => hasCode(e, 'Unavailable'),
  );
});

it('transaction() rolls back and rethrows', () => {
  using database = openDatabase(path, [{ noun: 'thing', migrations: [ONE] }]);
  const failure = new Error('no');
  const work = (): void => {
    database.handle.exec("INSERT INTO thing VALUES ('a')");
    throw failure;
  };
  assert.throws(() => database.transaction(work), failure);
  assert.equal(database.handle.prepare('SELECT count(*) AS n FROM thing').get()?.['n'], 0);
  assert.equal(
    database.transaction(() => 7),
    7,
  );
});

it('what was committed survives kill -9', () => {
  const script = `
    const { openDatabase } = await import(${JSON.stringify(import.meta.resolve('./open-database.ts'))});
    const database = openDatabase(${JSON.stringify(path)}, [{ noun: 'thing', migrations: [${JSON.stringify(ONE)}] }]);
    database.transaction(() => database.handle.exec("INSERT INTO thing VALUES ('kept')"));
    database.handle.exec("BEGIN; INSERT INTO thing VALUES ('lost')");
    process.kill(process.pid, 'SIGKILL');`;
  const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
  assert.equal(signal, 'SIGKILL');
  using database = openDatabase(path, [{ noun: 'thing', migrations: [ONE] }]);
  assert.deepEqual(
    database.handle
      .prepare('SELECT name FROM thing')
      .all()
      .map((row) => row['name']),
    ['kept'],
  );
});

it('flush() succeeds with and without a log', async () => {
  using database = openDatabase(path, [{ noun: 'thing', migrations: [ONE] }]);
  await database.flush();
  database[Symbol.dispose]();
  await database.flush();
});
