import { spawn } from 'node:child_process';
import { Readable, pipeline } from 'node:stream';
import { PierError } from '../base/errors.ts';

/** Bytes of a program's complaint that are kept. */
const COMPLAINT_BYTES = 1024;

/**
 * Sends bytes through a program that reads its standard input and writes its standard output. It gets an empty environment. The
 * consumer's pace is the program's; leaving early ends it.
 *
 * @param file Absolute path.
 * @yields What the program writes.
 * @throws {PierError} `InvalidArgument` with the program's complaint if it fails; whatever the input throws.
 */
export async function* filterThrough(file: string, args: readonly string[], input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const child = spawn(file, args, { cwd: '/', env: {}, stdio: 'pipe' });
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
    if (code !== 0) throw new PierError('InvalidArgument', complaint.trim() || `"${file}" failed`);
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
