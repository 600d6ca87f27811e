import { spawn } from 'node:child_process';
import { Readable, pipeline } from 'node:stream';
import { PierError } from '../base/errors.ts';
import { findProgram } from '../oci/index.ts';

/** Compressions that a program on this machine undoes, because nothing in Node does. */
export type ProgramCompression = 'bzip2' | 'xz';

// A hostile xz header may ask for gigabytes.
const PROGRAMS = {
  bzip2: { arguments: ['--decompress', '--stdout', '--quiet'], debianPackage: 'bzip2' },
  xz: { arguments: ['--decompress', '--stdout', '--quiet', '--no-warn', '--memlimit-decompress=1GiB'], debianPackage: 'xz-utils' },
} as const satisfies Record<ProgramCompression, object>;

/** Bytes of the program's complaint that are kept. */
const COMPLAINT_BYTES = 1024;

/**
 * Undoes bzip2 or xz. The consumer's pace is the program's; leaving early ends it.
 *
 * @yields The uncompressed bytes.
 * @throws {PierError} `InvalidArgument`, reason `image.unsupported-compression`, facts `{ compression, program, package }`, if the
 * program is not installed; `InvalidArgument` if the input is damaged; whatever the input throws.
 */
export async function* decompressByProgram(compression: ProgramCompression, input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const path = requireProgram(compression);
  const child = spawn(path, PROGRAMS[compression].arguments, { cwd: '/', env: {}, stdio: 'pipe' });
  const ended = Promise.withResolvers<number | null>();
  child.once('error', ended.reject).once('close', ended.resolve);
  // It may fail long before it is waited for.
  ended.promise.catch(() => undefined);
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(0, COMPLAINT_BYTES);
  });
  let inputError: unknown;
  pipeline(Readable.from(watched(input, (error) => (inputError = error))), child.stdin, () => undefined);
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) yield chunk;
    const code = await ended.promise;
    if (inputError !== undefined) throw inputError;
    if (code !== 0) throw new PierError('InvalidArgument', `Cannot read archive: ${complaint.trim() || `${compression} failed`}`);
  } finally {
    child.kill('SIGKILL');
  }
}

async function* watched(input: AsyncIterable<Buffer>, onError: (error: unknown) => void): AsyncGenerator<Buffer> {
  try {
    yield* input;
  } catch (error) {
    onError(error);
    throw error;
  }
}

function requireProgram(compression: ProgramCompression): string {
  const path = findProgram(compression);
  if (path !== undefined) return path;
  const { debianPackage } = PROGRAMS[compression];
  throw new PierError(
    'InvalidArgument',
    `Cannot read archive: it is compressed by ${compression}, and that program is not installed (on Debian: apt-get install ${debianPackage})`,
    { reason: 'image.unsupported-compression', facts: { compression, program: compression, package: debianPackage } },
  );
}
