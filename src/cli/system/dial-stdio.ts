import { pipeline } from 'node:stream/promises';
import type { CommandContext } from '../command.ts';

/**
 * Runs `pier system dial-stdio`: standard input and output become a connection to the daemon, for clients that come by ssh.
 * The end of the input is handed on, and the command ends with the daemon's output.
 */
export async function run({ client }: CommandContext): Promise<number> {
  const socket = await client.dial();
  const sending = pipeline(process.stdin, socket, { end: true });
  // The daemon may close first: then what is typed has no reader, and that is no failure.
  sending.catch(() => undefined);
  for await (const chunk of socket) {
    if (!process.stdout.write(chunk)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
  return 0;
}
