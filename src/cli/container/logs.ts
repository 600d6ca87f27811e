import type { CommandContext } from '../command.ts';
import { writeFrames } from '../stream/demultiplex.ts';
import { writeRaw } from '../stream/write-raw.ts';
import { parseTimeArgument } from '../time-argument.ts';

/** Runs `pier logs`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const [name = ''] = args;
  const container = await client.containers.inspect(name);
  const stream = await client.containers.logs(container.Id, {
    follow: flags.bool('follow'),
    timestamps: flags.bool('timestamps'),
    details: flags.bool('details'),
    tail: flags.string('tail'),
    ...(flags.string('since') !== '' && { since: parseTimeArgument('since', flags.string('since')) }),
    ...(flags.string('until') !== '' && { until: parseTimeArgument('until', flags.string('until')) }),
  });
  if (container.Config.Tty) await writeRaw(stream, process.stdout);
  else await writeFrames(stream);
  return 0;
}
