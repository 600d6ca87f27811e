/**
 * Prints what happens in an engine while a container lives and dies.
 *
 *     node examples/events.ts [DIRECTORY]
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine, hasCode } from 'pier';

const directory = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'pier-'));
await using engine = await Engine.open({ root: join(directory, 'root'), state: join(directory, 'state') });

const controller = new AbortController();
const events = engine.events({ matches: ({ type }) => type === 'container', signal: controller.signal });
await engine.run({ image: 'pier/starter', command: ['true'], networkMode: 'none' });

try {
  await engine.run({ image: 'no-such-image' });
} catch (error) {
  // Errors carry one of a closed set of codes; texts are for people.
  if (!hasCode(error, 'NotFound')) throw error;
  console.log('no-such-image was not found');
}

controller.abort();
for await (const { action, attributes } of events) console.log(action, attributes['image']);
