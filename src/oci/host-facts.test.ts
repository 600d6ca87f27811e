import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readHostDevices } from './host-facts.ts';

test(
  'readHostDevices() lists nodes below a folder, not links nor folders that containers have their own of',
  { skip: process.getuid?.() !== 0 && 'needs root' },
  () => {
    const dir = mkdtempSync(join(tmpdir(), 'pier-dev-'));
    try {
      for (const name of ['pts', 'shm', 'net']) mkdirSync(join(dir, name));
      const mknod = (path: string, ...kind: string[]): void =>
        assert.equal(spawnSync('mknod', ['-m', '640', join(dir, path), ...kind]).status, 0);
      mknod('kvm', 'c', '10', '232');
      mknod('disk', 'b', '259', '1027');
      mknod('console', 'c', '5', '1');
      mknod('net/tun', 'c', '10', '200');
      mknod('pts/0', 'c', '136', '0');
      mknod('pipe', 'p');
      symlinkSync('kvm', join(dir, 'link'));
      const rest = { fileMode: 0o640, uid: 0, gid: 0 };
      assert.deepEqual(
        readHostDevices(dir).toSorted((a, b) => a.path.localeCompare(b.path)),
        [
          { path: join(dir, 'disk'), type: 'b', major: 259, minor: 1027, ...rest },
          { path: join(dir, 'kvm'), type: 'c', major: 10, minor: 232, ...rest },
          { path: join(dir, 'net/tun'), type: 'c', major: 10, minor: 200, ...rest },
        ],
      );
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
);
