import type { Readable, Writable } from 'node:stream';
import { FrameDecoder } from '../../wire/index.ts';
import { CommandError } from '../command-error.ts';

/**
 * Prints a multiplexed stream to standard output and standard error, in its order. A slow reader of ours slows it down.
 *
 * @throws {CommandError} With the engine's own text, if a frame carries its error.
 */
export async function writeFrames(source: Readable): Promise<void> {
  const decoder = new FrameDecoder();
  for await (const chunk of source) {
    for (const { stream, data } of decoder.push(chunk as Buffer)) {
      if (stream === 'systemerr') throw new CommandError(`error from daemon in stream: ${data.toString()}`);
      const target: Writable = stream === 'stderr' ? process.stderr : process.stdout;
      if (!target.write(data)) await new Promise((resolve) => target.once('drain', resolve));
    }
  }
}
