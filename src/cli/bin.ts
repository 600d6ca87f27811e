/** Runs the command line of this process. `bin/pier.js` and development start here. */
import { main } from './main.ts';

// The reader of a pipe is gone: a program in C would die of SIGPIPE here, and so do we, without a word.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 141 : 1));

const exitCode = await main(process.argv.slice(2));
// Standard input may still be open: the process ends all the same, once what it wrote is out.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
