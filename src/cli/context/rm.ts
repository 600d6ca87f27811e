import { CommandError } from '../command-error.ts';
import { ContextStore, DEFAULT_CONTEXT } from './context-store.ts';
import type { LocalCommandContext } from '../command.ts';

/** Runs `pier context rm`. */
export async function run({ args, flags, settings }: LocalCommandContext): Promise<number> {
  const store = new ContextStore(settings.configDirectory);
  const problems: string[] = [];
  for (const name of args) {
    try {
      remove(name, store, settings, flags.bool('force'));
      process.stdout.write(`${name}\n`);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      problems.push(`${error.message}\n`);
    }
  }
  process.stderr.write(problems.join(''));
  return problems.length === 0 ? 0 : 1;
}

function remove(name: string, store: ContextStore, settings: LocalCommandContext['settings'], isForced: boolean): void {
  if (name === DEFAULT_CONTEXT) throw new CommandError(`context "${DEFAULT_CONTEXT}" cannot be removed`);
  const isChosen = settings.config.text('currentContext') === name;
  if (!isForced && !store.exists(name)) throw new CommandError(`context "${name}" does not exist`);
  if (settings.contextName === name && !isForced) throw new CommandError(`context "${name}" is in use, set -f flag to force remove`);
  // The choice first: a crash in between leaves a context that nobody uses, and no choice of one that is gone.
  if (isChosen) settings.config.save('currentContext', undefined);
  if (store.exists(name)) store.remove(name);
}
