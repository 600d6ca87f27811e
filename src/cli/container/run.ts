import { ApiError } from '../../client/index.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { describeError } from '../describe-error.ts';
import { parseDetachKeys } from '../stream/detach-keys.ts';
import { forwardSignals } from '../stream/forward-signals.ts';
import { requireTerminal } from '../stream/pump-streams.ts';
import { createContainer } from './create-container.ts';
import { IdFileError } from './id-file.ts';
import { attachChoice, createRequest } from './create-request.ts';
import type { AttachChoice } from './create-request.ts';
import { startAttached } from './run-session.ts';

const NOTHING: AttachChoice = { stdin: false, stdout: false, stderr: false };

/** Runs `pier run`. The exit code is the container's, or 125, 126 or 127 if it could not be started. */
export async function run(context: CommandContext): Promise<number> {
  const { client, flags } = context;
  const isDetached = flags.bool('detach');
  const wanted = attachChoice(flags);
  const detachKeys = parseDetachKeys(flags.string('detach-keys'));
  const tty = flags.bool('tty');
  if (isDetached && flags.has('attach')) throw new CommandError('conflicting options: cannot specify both --attach and --detach');
  if (!isDetached) requireTerminal(wanted.stdin, tty);
  const attach = isDetached ? NOTHING : wanted;
  const id = await createContainer(client, flags, await createRequest(context, attach)).catch(asRunError);
  if (isDetached) {
    try {
      await starting(() => client.containers.start(id));
    } finally {
      // One that does not start is there all the same.
      process.stdout.write(`${id}\n`);
    }
    return 0;
  }
  const stopForwarding = flags.bool('sig-proxy') ? forwardSignals((signal) => client.containers.kill(id, signal)) : undefined;
  try {
    return await runAttached(context, id, attach, detachKeys);
  } finally {
    stopForwarding?.();
  }
}

/** Docker's client reads exit codes out of texts, whatever they are about. */
function asRunError(error: unknown): never {
  if (!(error instanceof IdFileError)) throw error;
  throw new CommandError(error.message, startExitCode(error.message), { cause: error, hint: true });
}

async function runAttached({ client, flags }: CommandContext, id: string, attach: AttachChoice, detachKeys: Uint8Array): Promise<number> {
  const stream = await client.containers.attach(id, { ...attach, detachKeys: flags.string('detach-keys') });
  // Without any output there is nothing to stay for, once the input is through.
  const isSilent = !attach.stdout && !attach.stderr;
  const end = await startAttached({
    client,
    id,
    tty: flags.bool('tty'),
    stdin: attach.stdin,
    stream,
    detachKeys,
    condition: flags.bool('rm') ? 'removed' : 'next-exit',
    start: () => starting(() => client.containers.start(id)),
  });
  return end.kind === 'detached' || isSilent ? 0 : end.exitCode;
}

/** @throws {CommandError} With the exit code that a shell would give for a program that is not there or not allowed. */
async function starting(start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new CommandError(describeError(error), startExitCode(error.message), { cause: error, hint: true });
  }
}

function startExitCode(message: string): number {
  if (/executable file not found|no such file or directory|system cannot find the file specified/.test(message)) return 127;
  return /permission denied|is a directory/.test(message) ? 126 : 125;
}
