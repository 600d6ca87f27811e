/**
 * Runs a service within limits, waits until it is healthy, sees what it uses, and keeps what it wrote as an image.
 *
 *     node examples/service.ts [DIRECTORY]
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EMPTY_HEALTHCHECK, EMPTY_SPEC, Engine, NO_LIMITS } from 'pier';

const directory = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'pier-'));
await using engine = await Engine.open({ root: join(directory, 'root'), state: join(directory, 'state') });
const { containers } = engine;

const { id } = await containers.create({
  ...EMPTY_SPEC,
  image: 'pier/starter',
  command: ['sh', '-c', 'echo prepared > /data; exec sleep 1000'],
  networkMode: 'none',
  resources: { ...NO_LIMITS, memoryBytes: 64 * 1024 * 1024, pidsLimit: 20 },
  healthcheck: { ...EMPTY_HEALTHCHECK, test: ['CMD-SHELL', 'test -s /data'], intervalNs: 100_000_000 },
  restartPolicy: { name: 'on-failure', maximumRetryCount: 3 },
});
try {
  // Listening begins with the call, so nothing is missed.
  const healthy = engine.events({ matches: ({ action, actorId }) => actorId === id && action === 'health_status: healthy' });
  await containers.start(id);
  for await (const { action } of healthy) {
    console.log(action);
    break;
  }

  for await (const { stats } of containers.stats(id)) {
    console.log(`${stats?.pids.current} process of ${stats?.pids.limit}, limit ${stats?.memory.limitBytes} bytes`);
    break;
  }
  await containers.update(id, { resources: { memoryBytes: 96 * 1024 * 1024, memorySwapBytes: 192 * 1024 * 1024 } });

  for (const { kind, path } of await containers.changes(id)) console.log(kind, path);
  await containers.commit(id, { reference: 'prepared', changes: ['CMD ["cat", "/data"]'] });
} finally {
  await containers.remove(id, { force: true });
}
const { stdout } = await engine.run({ image: 'prepared', networkMode: 'none' });
console.log(`the image says ${JSON.stringify(stdout.toString())}`);
