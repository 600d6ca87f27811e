/** Runs the command line of this process. `bin/pier.js` and development start here. */
import { main } from './main.ts';

const WRITE_ERRORS: Readonly<Record<string, string>> = { EPIPE: 'broken pipe', ENOSPC: 'no space left on device' };

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe is gone: a program in C would die of SIGPIPE here, and so do we, without a word.
  if (error.code === 'EPIPE' && process.listenerCount('SIGPIPE') === 0) process.exit(141);
  const reason = WRITE_ERRORS[error.code ?? ''] ?? error.message;
  process.stderr.write(`write /dev/stdout: ${reason}\n`, () => process.exit(1));
});

const exitCode = await main(process.argv.slice(2));
// Standard input may still be open: the process ends all the same, once what it wrote is out.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
