import type { ExecCreateRequest } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { readEnvironment } from '../key-value-files.ts';
import { parseDetachKeys } from '../stream/detach-keys.ts';
import { followWindowSize, windowSize } from '../stream/follow-window-size.ts';
import { FlagError } from '../parse-flags.ts';
import { pumpStreams, requireTerminal } from '../stream/pump-streams.ts';

/** Runs `pier exec`. The exit code is the command's. */
export async function run(context: CommandContext): Promise<number> {
  const { args, flags, client } = context;
  const [name = ''] = args;
  const isDetached = flags.bool('detach');
  const tty = flags.bool('tty');
  const request = await execRequest(context);
  // As Docker does: a container that is not there is a better answer than a terminal that is none.
  await client.containers.inspect(name);
  if (!isDetached) requireTerminal(flags.bool('interactive'), tty);
  const id = await client.execs.create(name, request);
  if (id === '') throw new CommandError('exec ID empty');
  // The daemon has read them, too, and refused what cannot be read.
  const detachKeys = parseDetachKeys(flags.string('detach-keys'));
  const size = request.ConsoleSize;
  const startBody = { Tty: tty, ...(size && { ConsoleSize: size }) };
  if (isDetached) {
    await client.execs.start(id, startBody);
    return 0;
  }
  const stream = await client.execs.attach(id, startBody);
  const stopFollowing = tty ? followWindowSize((now) => client.execs.resize(id, now)) : undefined;
  try {
    const isMultiplexed = stream.isMultiplexed ?? !tty;
    const end = await pumpStreams({ socket: stream.socket, isMultiplexed, tty, stdin: flags.bool('interactive'), detachKeys });
    if (end === 'detached') throw new CommandError('read escape sequence');
  } finally {
    stopFollowing?.();
  }
  const { ExitCode } = await client.execs.inspect(id);
  return ExitCode ?? 0;
}

/** A file that cannot be read is no usage error here, as it is of `run`. */
function asExecError(error: unknown): never {
  if (!(error instanceof CommandError) || error instanceof FlagError) throw error;
  throw new CommandError(error.message, 1, { cause: error });
}

async function execRequest({ args, flags }: CommandContext): Promise<ExecCreateRequest> {
  const isAttached = !flags.bool('detach');
  const tty = flags.bool('tty');
  const size = tty ? windowSize() : undefined;
  return {
    Cmd: args.slice(1),
    Env: await readEnvironment(flags.list('env-file'), flags.list('env')).catch(asExecError),
    User: flags.string('user'),
    WorkingDir: flags.string('workdir'),
    Privileged: flags.bool('privileged'),
    Tty: tty,
    AttachStdin: isAttached && flags.bool('interactive'),
    AttachStdout: isAttached,
    AttachStderr: isAttached,
    ...(flags.string('detach-keys') !== '' && { DetachKeys: flags.string('detach-keys') }),
    ...(size !== undefined && { ConsoleSize: [size.h, size.w] as const }),
  };
}
