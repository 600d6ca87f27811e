/**
 * Starts a container that outlives the program. Run it twice: the second time it finds the container, reads its log and
 * removes it.
 *
 *     node examples/background.ts DIRECTORY
 */
import { join } from 'node:path';
import { EMPTY_SPEC, Engine } from 'pier';

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: background.ts DIRECTORY');
await using engine = await Engine.open({ root: join(directory, 'root'), state: join(directory, 'state') });
const { containers } = engine;

if (containers.list({ names: ['clock'] }).length === 0) {
  const command = ['sh', '-c', 'while true; do date; sleep 1; done'];
  const { id } = await containers.create({ ...EMPTY_SPEC, image: 'pier/starter', command, networkMode: 'none' }, 'clock');
  await containers.start(id);
  console.log(`started ${id.slice(0, 12)}; it runs on when this program ends`);
} else {
  const { state } = containers.get('clock');
  console.log(`found it ${state.status}`);
  for await (const { data } of containers.logs('clock', { stdout: true, stderr: true, tail: 1 })) process.stdout.write(data);
  await containers.remove('clock', { force: true });
}
