import type { Client, HijackedStream, PendingWait, WaitCondition } from '../../client/index.ts';
import { PierError } from '../../base/errors.ts';
import type { WaitResponse } from '../../wire/index.ts';
import { CommandError } from '../command-error.ts';
import { followWindowSize } from '../stream/follow-window-size.ts';
import { pumpStreams } from '../stream/pump-streams.ts';
import type { StreamEnd } from '../stream/pump-streams.ts';

/** A container about to be started with somebody attached to it. */
export interface AttachedStart {
  readonly client: Client;
  readonly id: string;
  readonly tty: boolean;
  readonly stdin: boolean;
  /** Attached before the start, so that nothing is missed. */
  readonly stream: HijackedStream;
  readonly detachKeys: Uint8Array;
  /** `removed` where the container goes away by itself: its exit code is known until then. */
  readonly condition: WaitCondition;
  /** Starts it. */
  readonly start: () => Promise<void>;
}

/** How an attached container's session ended: with its exit code unless the person detached. */
export type SessionEnd = { readonly kind: 'detached' } | { readonly kind: 'exited'; readonly exitCode: number };

/**
 * Starts a container with its streams already attached and stays with it. The order is Docker's: attach, wait, start, resize.
 *
 * @throws {PierError} If it cannot be started, or if the daemon goes away meanwhile.
 */
export async function startAttached(session: AttachedStart): Promise<SessionEnd> {
  const { client, id, stream, tty } = session;
  const abort = new AbortController();
  const pump = pumpStreams({ ...session, socket: stream.socket, isMultiplexed: stream.isMultiplexed ?? !tty, signal: abort.signal });
  // Awaited below; a failure before that must not count as unhandled.
  pump.catch(() => {});
  let wait: PendingWait;
  try {
    wait = await client.containers.wait(id, session.condition);
    await session.start();
  } catch (error) {
    abort.abort();
    await pump.catch(() => {});
    throw error;
  }
  const stopFollowing = tty ? followWindowSize((size) => client.containers.resize(id, size)) : undefined;
  let end: StreamEnd;
  try {
    end = await pump;
  } finally {
    stopFollowing?.();
  }
  return end === 'detached' ? { kind: 'detached' } : { kind: 'exited', exitCode: await exitCodeOf(wait) };
}

/**
 * Waits for a container's exit code.
 *
 * @throws {PierError} With the daemon's own text if it could not wait; a {@linkcode CommandError} with 125 if it went away.
 */
export async function exitCodeOf(wait: PendingWait): Promise<number> {
  let answer: WaitResponse;
  try {
    answer = await wait.result();
  } catch (error) {
    // The daemon is gone, and containers outlive it.
    throw new CommandError("error waiting for container: unexpected EOF (the container may run on, see 'pier ps')", 125, { cause: error });
  }
  if (answer.Error?.Message) throw new PierError('Internal', answer.Error.Message);
  return answer.StatusCode;
}
