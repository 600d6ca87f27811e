import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { describeError } from '../describe-error.ts';
import { printError } from '../print-error.ts';
import { parseDetachKeys } from '../stream/detach-keys.ts';
import { forwardSignals } from '../stream/forward-signals.ts';
import { requireTerminal } from '../stream/pump-streams.ts';
import { startAttached } from './run-session.ts';

/** Runs `pier start`. */
export async function run(context: CommandContext): Promise<number> {
  const { args, flags, client } = context;
  if (flags.bool('attach') || flags.bool('interactive')) {
    if (args.length > 1) throw new CommandError('you cannot start and attach multiple containers at once');
    return await startAndAttach(context);
  }
  const failed: string[] = [];
  for (const name of args) {
    try {
      await client.containers.start(name);
      process.stdout.write(`${name}\n`);
    } catch (error) {
      await printError(describeError(error));
      failed.push(name);
    }
  }
  if (failed.length > 0) throw new CommandError(`Error: failed to start containers: ${failed.join(', ')}`);
  return 0;
}

async function startAndAttach({ args: [name = ''], flags, client }: CommandContext): Promise<number> {
  const detachKeys = parseDetachKeys(flags.string('detach-keys'));
  const { Id: id, Config, HostConfig } = await client.containers.inspect(name);
  const stdin = flags.bool('interactive') && Config.OpenStdin;
  requireTerminal(stdin, Config.Tty);
  const stopForwarding = Config.Tty ? undefined : forwardSignals((signal) => client.containers.kill(id, signal));
  try {
    const stream = await client.containers.attach(id, { stdin, stdout: true, stderr: true, detachKeys: flags.string('detach-keys') });
    const end = await startAttached({
      client,
      id,
      tty: Config.Tty,
      stdin,
      stream,
      detachKeys,
      condition: HostConfig.AutoRemove ? 'removed' : 'next-exit',
      start: () => client.containers.start(id),
    });
    return end.kind === 'detached' ? 0 : end.exitCode;
  } finally {
    stopForwarding?.();
  }
}
