import type { Readable, Writable } from 'node:stream';
import { FrameDecoder } from '../../wire/index.ts';
import { CommandError } from '../command-error.ts';
import { write } from './write-raw.ts';

/**
 * Prints a multiplexed stream to standard output and standard error, in its order. A slow reader of ours slows it down.
 *
 * @throws {CommandError} With the engine's own text, if a frame carries its error.
 */
export async function writeFrames(source: Readable): Promise<void> {
  const decoder = new FrameDecoder();
  const chunks: AsyncIterable<Buffer> = source;
  for await (const chunk of chunks) {
    for (const { stream, data } of decoder.push(chunk)) {
      if (stream === 'systemerr') throw new CommandError(`error from daemon in stream: ${data.toString()}`);
      const target: Writable = stream === 'stderr' ? process.stderr : process.stdout;
      await write(target, data);
    }
  }
}
