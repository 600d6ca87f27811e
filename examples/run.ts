/**
 * Runs a program in a container and reads what it says.
 *
 *     node examples/run.ts [DIRECTORY]
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from 'pier';

// An engine of its own: nothing of the machine's default engine in /var/lib/pier is touched.
const directory = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'pier-'));
await using engine = await Engine.open({ root: join(directory, 'root'), state: join(directory, 'state') });

const { exitCode, stdout } = await engine.run({
  image: 'pier/starter',
  command: ['sh', '-c', 'tr a-z A-Z; exit 3'],
  input: 'hello\n',
  networkMode: 'none',
});
console.log(`exit code ${exitCode}, said ${JSON.stringify(stdout.toString())}`);
