import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ContainerLog } from './container-log.ts';
import { positionOfLastLines } from './log-tail.ts';

const dir = mkdtempSync(join(tmpdir(), 'pier-log-tail-'));
const path = join(dir, 'log');
const line = (text: string): string => `2026-01-02T03:04:05.123456789+00:00 ${text}\n`;

const log = new ContainerLog(path);
const offsetOfLastLines = async (count: number): Promise<number> => (await positionOfLastLines(log, count)).offsetBytes;

describe('positionOfLastLines()', () => {
  after(() => rmSync(dir, { recursive: true }));

  it('finds the last lines', async () => {
    writeFileSync(path, line('stdout F 1') + line('stdout F 2') + line('stderr F 3'));
    assert.equal(await offsetOfLastLines(0), line('stdout F 1').length * 3);
    assert.equal(await offsetOfLastLines(2), line('stdout F 1').length);
    assert.equal(await offsetOfLastLines(9), 0);
  });

  it('counts the pieces of a line as one', async () => {
    const pieces = [line('stdout F 1'), line('stdout P 2a'), line('stdout P 2b'), line('stdout F 2c'), line('stdout P 3')];
    writeFileSync(path, pieces.join(''));
    assert.equal(await offsetOfLastLines(1), pieces.slice(0, 4).join('').length);
    assert.equal(await offsetOfLastLines(2), pieces.slice(0, 1).join('').length);
  });

  it('finds lines across the blocks it reads', async () => {
    const lines = Array.from({ length: 5000 }, (_, index) => line(`stdout F line ${index}`));
    writeFileSync(path, lines.join(''));
    assert.equal(await offsetOfLastLines(4321), lines.slice(0, 5000 - 4321).join('').length);
  });
});
