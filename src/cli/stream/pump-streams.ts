import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { CommandError } from '../command-error.ts';
import { writeFrames } from './demultiplex.ts';
import { DetachScanner } from './detach-keys.ts';
import { RawTerminal } from './raw-terminal.ts';
import { writeRaw } from './write-raw.ts';

/** Which of this process's streams meet a hijacked connection, and how. */
export interface StreamOptions {
  readonly socket: Socket;
  /** Output comes in frames; otherwise all of it is standard output. */
  readonly isMultiplexed: boolean;
  /** The process on the other side has a terminal: ours becomes raw and detach keys count, if it is one. */
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly detachKeys: Uint8Array;
  /** Ends the session as if the other side had. */
  readonly signal?: AbortSignal;
}

/** How a session ended: by the other side, or by the person's detach keys. */
export type StreamEnd = 'ended' | 'detached';

/**
 * Passes standard input on and prints what comes back, until the other side has nothing more to say. The terminal is as
 * before when the promise settles.
 *
 * @throws {Error} If the connection breaks.
 */
export async function pumpStreams(options: StreamOptions): Promise<StreamEnd> {
  const { socket, stdin, tty, signal } = options;
  using cleanup = new DisposableStack();
  const abort = (): void => void socket.destroy();
  signal?.addEventListener('abort', abort);
  cleanup.defer(() => signal?.removeEventListener('abort', abort));
  cleanup.defer(() => socket.destroy());
  const detached = Promise.withResolvers<StreamEnd>();
  if (stdin) {
    const isTerminal = tty && process.stdin.isTTY;
    if (isTerminal) cleanup.use(new RawTerminal(process.stdin));
    const scanner = isTerminal ? new DetachScanner(options.detachKeys) : undefined;
    cleanup.defer(pumpInput(process.stdin, socket, scanner, () => detached.resolve('detached')));
  }
  return await Promise.race([detached.promise, pumpOutput(options)]);
}

async function pumpOutput({ socket, isMultiplexed, signal }: StreamOptions): Promise<StreamEnd> {
  try {
    if (isMultiplexed) await writeFrames(socket);
    else await writeRaw(socket, process.stdout);
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
  return 'ended';
}

/**
 * Starts passing input on; its end closes the other side's standard input only.
 *
 * @returns Stops it.
 */
function pumpInput(input: ReadStream | Readable, socket: Socket, scanner: DetachScanner | undefined, onDetach: () => void): () => void {
  const onData = (chunk: Buffer): void => {
    const { data, isDetached } = scanner?.scan(chunk) ?? { data: chunk, isDetached: false };
    if (isDetached) input.pause();
    if (data.length > 0 && !socket.write(data)) {
      input.pause();
      socket.once('drain', () => void (isDetached || input.resume()));
    }
    if (isDetached) onDetach();
  };
  const onEnd = (): void => void socket.end();
  input.on('data', onData);
  input.once('end', onEnd);
  // A terminal that hung up reads as an error: that is its end.
  input.once('error', onEnd);
  // The other side may stop reading at any time, as `head` does; what it still says is worth reading.
  socket.on('error', () => input.pause());
  return () => {
    input.off('data', onData);
    input.off('end', onEnd);
    input.pause();
  };
}

/**
 * Refuses a terminal that is none, as Docker does.
 *
 * @throws {CommandError} If input is wanted for a terminal and ours is not one.
 */
export function requireTerminal(stdin: boolean, tty: boolean): void {
  if (stdin && tty && !process.stdin.isTTY) throw new CommandError('the input device is not a TTY');
}
