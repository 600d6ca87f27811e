import assert from 'node:assert/strict';
import { totalmem } from 'node:os';
import { test } from 'node:test';
import { readCgroupStatsV1, readCgroupStatsV2 } from './cgroup-stats.ts';

function reader(files: Readonly<Record<string, string>>): (controller: string, file: string) => string {
  return (_, file) => files[file] ?? '';
}

test('readCgroupStatsV2() reads the files of the unified hierarchy', () => {
  const stats = readCgroupStatsV2(
    reader({
      'cpu.stat': 'usage_usec 2000\nuser_usec 1500\nsystem_usec 500\nnr_periods 7\nnr_throttled 3\nthrottled_usec 40\n',
      'memory.current': '4096000\n',
      'memory.max': '67108864\n',
      'memory.stat': 'anon 100\nfile 200\ninactive_file 50\n',
      'pids.current': '3\n',
      'pids.max': 'max\n',
      'io.stat': '254:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n7:1 \n',
    }),
  );
  assert.deepEqual(stats, {
    cpu: { totalNs: 2_000_000, perCpuNs: [], kernelNs: 500_000, userNs: 1_500_000, periods: 7, throttledPeriods: 3, throttledNs: 40_000 },
    memory: {
      usageBytes: 4_096_000,
      limitBytes: 67_108_864,
      details: { anon: 100, file: 200, inactive_file: 50 },
      maxUsageBytes: undefined,
      failCount: undefined,
    },
    pids: { current: 3, limit: undefined },
    blockIo: [
      { major: 254, minor: 0, operation: 'read', value: 10 },
      { major: 254, minor: 0, operation: 'write', value: 20 },
      { major: 7, minor: 1, operation: 'read', value: 0 },
      { major: 7, minor: 1, operation: 'write', value: 0 },
    ],
    blockIoOperations: [],
  });
});

test('readCgroupStatsV1() reads the files of each controller', () => {
  const stats = readCgroupStatsV1(
    reader({
      'cpuacct.usage': '123456789\n',
      'cpuacct.usage_percpu': '100000000 23456789 \n',
      'cpuacct.stat': 'user 8\nsystem 4\n',
      'cpu.stat': 'nr_periods 7\nnr_throttled 3\nthrottled_time 40\n',
      'memory.usage_in_bytes': '500\n',
      'memory.max_usage_in_bytes': '900\n',
      'memory.failcnt': '2\n',
      'memory.limit_in_bytes': '9223372036854771712\n',
      'memory.stat': 'cache 5\ntotal_inactive_file 3\n',
      'pids.current': '1\n',
      'pids.max': '20\n',
      'blkio.throttle.io_service_bytes_recursive': '254:0 Read 4096\n254:0 Total 4096\nTotal 4096\n',
      'blkio.throttle.io_serviced_recursive': '254:0 Read 1\nTotal 1\n',
    }),
  );
  assert.deepEqual(stats.cpu.perCpuNs, [100_000_000, 23_456_789]);
  assert.deepEqual([stats.cpu.totalNs, stats.cpu.kernelNs, stats.cpu.userNs], [123_456_789, 40_000_000, 80_000_000]);
  assert.deepEqual([stats.memory.usageBytes, stats.memory.maxUsageBytes, stats.memory.failCount], [500, 900, 2]);
  // What stands for no limit is more than the machine has.
  assert.equal(stats.memory.limitBytes, totalmem());
  assert.deepEqual(stats.pids, { current: 1, limit: 20 });
  assert.deepEqual(stats.blockIo, [
    { major: 254, minor: 0, operation: 'Read', value: 4096 },
    { major: 254, minor: 0, operation: 'Total', value: 4096 },
  ]);
  assert.deepEqual(stats.blockIoOperations, [{ major: 254, minor: 0, operation: 'Read', value: 1 }]);
});
