import type { ContainerState } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { parseDetachKeys } from '../stream/detach-keys.ts';
import { followWindowSize, windowSize } from '../stream/follow-window-size.ts';
import { forwardSignals } from '../stream/forward-signals.ts';
import { pumpStreams, requireTerminal } from '../stream/pump-streams.ts';
import { exitCodeOf } from './run-session.ts';

/** Runs `pier attach`. */
export async function run({ args: [name = ''], flags, client }: CommandContext): Promise<number> {
  const detachKeys = parseDetachKeys(flags.string('detach-keys'));
  const { Id: id, State, Config } = await client.containers.inspect(name);
  requireRunning(State);
  const stdin = !flags.bool('no-stdin') && Config.OpenStdin;
  requireTerminal(!flags.bool('no-stdin'), Config.Tty);
  const wait = await client.containers.wait(id, 'not-running');
  using cleanup = new DisposableStack();
  if (flags.bool('sig-proxy') && !Config.Tty) cleanup.defer(forwardSignals((signal) => client.containers.kill(id, signal)));
  const stream = await client.containers.attach(id, { stdin, stdout: true, stderr: true, detachKeys: flags.string('detach-keys') });
  if (Config.Tty) {
    const size = windowSize();
    // A program redraws its screen when its size changes: without this a second attacher would look at nothing.
    if (size !== undefined) await client.containers.resize(id, { h: size.h + 1, w: size.w + 1 }).catch(() => {});
    cleanup.defer(followWindowSize((now) => client.containers.resize(id, now)));
  }
  const isMultiplexed = stream.isMultiplexed ?? !Config.Tty;
  const end = await pumpStreams({ socket: stream.socket, isMultiplexed, tty: Config.Tty, stdin, detachKeys });
  if (end === 'detached') throw new CommandError('read escape sequence');
  return await exitCodeOf(wait);
}

function requireRunning({ Running, Paused, Restarting }: ContainerState): void {
  if (!Running) throw new CommandError('You cannot attach to a stopped container, start it first');
  if (Paused) throw new CommandError('You cannot attach to a paused container, unpause it first');
  if (Restarting) throw new CommandError('You cannot attach to a restarting container, wait until it is running');
}
