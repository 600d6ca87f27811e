import type { CommandContext } from '../command.ts';
import { createContainer } from './create-container.ts';
import { attachChoice, createRequest } from './create-request.ts';

/** Runs `pier create`. */
export async function run(context: CommandContext): Promise<number> {
  const { client, flags } = context;
  const request = await createRequest(context, attachChoice(flags));
  const id = await createContainer(client, flags, request);
  process.stdout.write(`${id}\n`);
  return 0;
}
