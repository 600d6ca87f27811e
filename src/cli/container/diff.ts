import type { CommandContext } from '../command.ts';

const LETTERS = ['C', 'A', 'D'] as const;

/** Runs `pier diff`. */
export async function run({ args, client }: CommandContext): Promise<number> {
  const [name = ''] = args;
  const changes = (await client.containers.changes(name)) ?? [];
  process.stdout.write(changes.map(({ Path, Kind }) => `${LETTERS[Kind]} ${Path}\n`).join(''));
  return 0;
}
