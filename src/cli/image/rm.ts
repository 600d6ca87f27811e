import { hasCode } from '../../base/errors.ts';
import { describeError } from '../describe-error.ts';
import { printError } from '../print-error.ts';
import { platformQuery } from './platform-query.ts';
import { imagePath } from './image-path.ts';
import type { ImageDeleteItem } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';

/** Runs `pier rmi`. One that fails does not keep the others; under `--force` what is not there is no failure. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const force = flags.bool('force');
  const platforms = flags.list('platform').map((text) => platformQuery(text) ?? '');
  const query = { force: force ? 1 : undefined, noprune: flags.bool('no-prune') ? 1 : undefined, platforms };
  const errors: unknown[] = [];
  for (const name of args) {
    try {
      const removed = await client.json<readonly ImageDeleteItem[]>({ method: 'DELETE', path: imagePath(name), query });
      process.stdout.write(removed.map(describeRemoval).join(''));
    } catch (error) {
      errors.push(error);
    }
  }
  await printError(errors.map(describeError).join('\n'));
  return errors.some((error) => !force || !hasCode(error, 'NotFound')) ? 1 : 0;
}

function describeRemoval({ Deleted: deleted, Untagged: untagged }: ImageDeleteItem): string {
  return deleted === undefined || deleted === '' ? `Untagged: ${untagged ?? ''}\n` : `Deleted: ${deleted}\n`;
}
