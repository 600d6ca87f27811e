import { ContextStore, DEFAULT_CONTEXT } from './context-store.ts';
import type { LocalCommandContext } from '../command.ts';

/** Runs `pier context use`. */
export async function run({ args, settings }: LocalCommandContext): Promise<number> {
  const [name = ''] = args;
  const isDefault = name === DEFAULT_CONTEXT;
  if (!isDefault) new ContextStore(settings.configDirectory).get(name);
  if ((settings.config.text('currentContext') || DEFAULT_CONTEXT) !== name) {
    settings.config.save('currentContext', isDefault ? undefined : name);
  }
  process.stdout.write(`${name}\n`);
  process.stderr.write(`Current context is now "${name}"\n`);
  if (!isDefault && process.env['DOCKER_HOST']) {
    process.stderr.write(
      `Warning: DOCKER_HOST environment variable overrides the active context. To use "${name}", either set the global --context flag, or unset DOCKER_HOST environment variable.\n`,
    );
  }
  return 0;
}
