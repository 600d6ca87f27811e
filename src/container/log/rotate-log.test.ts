import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ContainerLog } from './container-log.ts';
import { followLog } from './log-follower.ts';
import { positionOfLastLines } from './log-tail.ts';
import { readLog } from './read-log.ts';
import { prepareSegment, retireSegments } from './rotate-log.ts';
import type { LogBatch } from './log-follower.ts';
import type { LogOptions } from '../container-service.ts';

const NEVER = new AbortController().signal;
const OVER = AbortSignal.abort();
let directory = '';
let path = '';
let log = new ContainerLog('');
let written = 0;

/** As the monitor writes: to the file that it has open, whatever that is called now. */
function write(count: number, at = path): void {
  for (let i = 0; i < count; i++)
    appendFileSync(at, `2026-01-02T03:04:05.${String(written).padStart(9, '0')}+00:00 stdout F ${written++}\n`);
}

/** As the monitor does when it is told to reopen its log. */
function reopen(): void {
  if (!existsSync(`${path}.tmp`)) writeFileSync(`${path}.tmp`, '');
  renameSync(`${path}.tmp`, path);
}

function rotate(): void {
  prepareSegment(log);
  reopen();
}

async function read(options: Partial<LogOptions> = {}): Promise<number[]> {
  let text = '';
  for await (const { data } of readLog(log, OVER, { stdout: true, stderr: true, ...options })) text += data.toString();
  return text.split('\n').slice(0, -1).map(Number);
}

const upTo = (count: number, first = 0): number[] => Array.from({ length: count - first }, (_, i) => first + i);

describe('a rotated log', () => {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'pier-rotate-'));
    path = join(directory, 'ctr.log');
    log = new ContainerLog(path);
    written = 0;
    writeFileSync(path, '');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is read in order, compressed or not, also from the middle', async () => {
    write(3);
    rotate();
    write(3);
    rotate();
    await retireSegments(log, { maxBytes: 1, maxFiles: 5, compress: true }, NEVER);
    write(3);
    rotate();
    write(1);
    assert.deepEqual(readdirSync(directory).toSorted(), ['ctr.log', 'ctr.log.1.gz', 'ctr.log.2.gz', 'ctr.log.3', 'ctr.log.4']);
    assert.deepEqual(await read(), upTo(10));
    for (const tail of [0, 1, 2, 4, 5, 8, 9, 10, 11]) assert.deepEqual(await read({ tail }), upTo(10).slice(-tail || 10), `tail ${tail}`);
    const sinceNs = BigInt(Date.parse('2026-01-02T03:04:05Z')) * 1_000_000n + 4n;
    assert.deepEqual(await read({ sinceNs }), upTo(10, 4));
    assert.deepEqual(await read({ sinceNs, untilNs: sinceNs + 2n }), [4, 5, 6]);
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('counts a line that goes on in the next segment once', async () => {
    appendFileSync(path, '2026-01-02T03:04:05.000000000+00:00 stdout F a\n2026-01-02T03:04:05.000000000+00:00 stdout P b\n');
    rotate();
    appendFileSync(path, '2026-01-02T03:04:05.000000000+00:00 stdout F c\n');
    assert.deepEqual(await positionOfLastLines(log, 2), { sequence: 1, offsetBytes: 0 });
    const [first, second] = [await positionOfLastLines(log, 1), { sequence: 1, offsetBytes: 47 }];
    assert.deepEqual(first, second);
    let text = '';
    for await (const { data } of readLog(log, OVER, { stdout: true, stderr: true, tail: 1 })) text += data.toString();
    assert.equal(text, 'bc\n');
  });

  it('keeps so many segments, the newest', async () => {
    for (let i = 0; i < 6; i++) {
      write(2);
      rotate();
    }
    write(1);
    await retireSegments(log, { maxBytes: 1, maxFiles: 3, compress: false }, NEVER);
    assert.deepEqual(await read(), upTo(13, 8));
    await retireSegments(log, { maxBytes: 1, maxFiles: 1, compress: false }, NEVER);
    assert.deepEqual(await read(), [12]);
    write(1);
    rotate();
    assert.deepEqual(log.end(), { sequence: 8, offsetBytes: 0 }, 'numbers go on');
  });

  it('keeps what a follower has not come to, until it has', async () => {
    write(2);
    const ended = new AbortController();
    const follower = followLog({ log, from: log.start(), ended: ended.signal, mayJoinLines: false });
    let seen: number[] = [];
    const first: IteratorResult<LogBatch, void> = await follower.next();
    if (first.done !== true) seen = first.value.chunks.map(({ data }) => Number(data));
    for (let i = 0; i < 4; i++) {
      rotate();
      write(2);
    }
    assert.equal(await retireSegments(log, { maxBytes: 1, maxFiles: 1, compress: false }, NEVER), true);
    ended.abort();
    for await (const { chunks } of follower) seen = seen.concat(chunks.map(({ data }) => Number(data)));
    assert.deepEqual(seen, upTo(10));
    assert.equal(await retireSegments(log, { maxBytes: 1, maxFiles: 1, compress: false }, NEVER), false);
    assert.deepEqual(await read(), upTo(10, 8));
  });

  it('loses nothing if the monitor is told twice to go on', async () => {
    write(2);
    prepareSegment(log);
    // The engine dies here; the next one does not know whether the monitor was told.
    log = new ContainerLog(path);
    prepareSegment(log);
    reopen();
    write(2);
    reopen();
    write(2);
    assert.deepEqual(await read(), upTo(6));
    rotate();
    write(1);
    assert.deepEqual(await read(), upTo(7));
    assert.deepEqual(
      log.segments().map(({ sequence }) => sequence),
      [1, 2, 3, 4],
    );
  });

  it('is whole if an engine died while it compressed', async () => {
    write(2);
    rotate();
    write(2);
    // Compressed and renamed, but the original not yet gone; another half written.
    writeFileSync(`${path}.1.gz`, 'the whole of it');
    writeFileSync(`${path}.1.gz.tmp`, 'half of');
    assert.deepEqual(await read(), upTo(4));
    await retireSegments(log, { maxBytes: 1, maxFiles: 3, compress: true }, NEVER);
    assert.deepEqual(readdirSync(directory).toSorted(), ['ctr.log', 'ctr.log.1.gz', 'ctr.log.2']);
    assert.deepEqual(await read(), upTo(4));
  });
});
