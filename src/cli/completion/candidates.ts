import { COMMANDS, GROUPS } from '../commands.ts';
import { GLOBAL_FLAGS } from '../global-flags.ts';
import { HELP_TOPICS } from '../help-topics.ts';
import { OWN_COMMANDS } from '../own-commands.ts';
import { parseFlags } from '../parse-flags.ts';
import { locate } from './locate.ts';
import { valuesOf } from './flag-values.ts';
import type { Client } from '../../client/index.ts';
import type { FlagDefinition } from '../command.ts';
import type { FlagValues } from '../flag-values.ts';
import type { Place } from './locate.ts';
import type { ValueSource } from './flag-values.ts';

/** Arguments by command that are files or words, where nothing of the daemon's is meant. */
const ARGUMENTS: Readonly<Record<string, ValueSource>> = {
  import: 'file',
  'context import': 'file',
  cp: 'file',
};

/**
 * Prints what the last of some words may become, and a line that tells the shell how to go on (see `scripts.ts`). It starts no
 * daemon and never fails: what is wrong, the command itself will say.
 *
 * @param connect Makes a client from the global flags among the words.
 */
export async function printCandidates(words: readonly string[], connect: (globals: FlagValues) => Promise<Client>): Promise<number> {
  const { place, globalWords } = locate(words);
  const current = words.at(-1) ?? '';
  const prefix = place.kind === 'value' ? place.prefix : '';
  let found: readonly string[] = [];
  try {
    const globals = parseFlags(GLOBAL_FLAGS, globalWords).flags;
    const lookUp = async (source: ValueSource): Promise<readonly string[]> => await itemsOf(source, globals, connect);
    found = (await offers(place, lookUp)).map((word) => prefix + word).filter((word) => word.startsWith(current));
  } catch {
    // No daemon, no names.
  }
  const isOpen = found.length === 1 && /[=:]$/.test(found[0] ?? '');
  const directive = wantsFiles(place) ? ':files' : isOpen ? ':nospace' : ':done';
  process.stdout.write(`${[...new Set(found), directive].join('\n')}\n`);
  return 0;
}

async function offers(place: Place, lookUp: (source: ValueSource) => Promise<readonly string[]>): Promise<readonly string[]> {
  switch (place.kind) {
    case 'nothing':
      return [];
    case 'command':
      return commandWords(place.group?.name);
    case 'shell':
      return ['bash', 'fish', 'zsh'];
    case 'topic':
      return [...commandWords(undefined), ...Object.keys(HELP_TOPICS)];
    case 'flag':
      return flagWords(place.flags);
    case 'value': {
      const source = valuesOf(place.flag, place.definition?.paths[0] ?? '');
      return source === undefined ? [] : await lookUp(source);
    }
    case 'argument': {
      const { definition, given } = place;
      const { args, completes, flagsFirst = false } = definition;
      if (
        completes === undefined ||
        completes === 'none' ||
        completes === 'command' ||
        (args.max !== undefined && given.length >= args.max)
      )
        return [];
      // After the first argument come the words of another program.
      if (flagsFirst && given.length > 0) return [];
      return (await lookUp(completes)).filter((name) => !given.includes(name));
    }
  }
}

function wantsFiles(place: Place): boolean {
  if (place.kind === 'value') return valuesOf(place.flag, place.definition?.paths[0] ?? '') === 'file';
  return place.kind === 'argument' && ARGUMENTS[place.definition.paths[0] ?? ''] === 'file';
}

function commandWords(group: string | undefined): readonly string[] {
  const known = COMMANDS.filter(({ section, unsupported }) => section !== 'hidden' && !unsupported).flatMap(({ paths }) => paths);
  if (group !== undefined) return known.filter((path) => path.startsWith(`${group} `)).map((path) => path.slice(group.length + 1));
  return [...known.filter((path) => !path.includes(' ')), ...GROUPS.map(({ name }) => name), ...OWN_COMMANDS].toSorted();
}

function flagWords(flags: readonly FlagDefinition[]): readonly string[] {
  const long = flags.filter(({ hidden, unsupported }) => !hidden && !unsupported).map((flag) => `--${flag.long}`);
  return [...long, '--help'].toSorted();
}

async function itemsOf(
  source: ValueSource,
  globals: FlagValues,
  connect: (globals: FlagValues) => Promise<Client>,
): Promise<readonly string[]> {
  if (typeof source !== 'string') return source;
  if (source === 'file') return [];
  if (source === 'context') return await contextNames(globals);
  return await namesOf(source, await connect(globals));
}

async function contextNames(globals: FlagValues): Promise<readonly string[]> {
  const [{ ContextStore, DEFAULT_CONTEXT }, { configDirectory }] = await Promise.all([
    import('../context/context-store.ts'),
    import('../config/config-directory.ts'),
  ]);
  return [DEFAULT_CONTEXT, ...new ContextStore(configDirectory(globals.string('config'))).list().map(({ Name }) => Name)];
}

async function namesOf(source: 'container' | 'image' | 'network' | 'runtime', client: Client): Promise<readonly string[]> {
  switch (source) {
    case 'container':
      return (await client.containers.list({ all: true })).flatMap(({ Names }) => Names.map((name) => name.slice(1)));
    case 'image': {
      const images = await client.json<readonly { readonly RepoTags: readonly string[] | null }[]>({ method: 'GET', path: '/images/json' });
      return images
        .flatMap(({ RepoTags: tags }) => tags ?? [])
        .flatMap((tag) => (tag.endsWith(':latest') ? [tag, tag.slice(0, -':latest'.length)] : [tag]));
    }
    case 'network': {
      const networks = await client.json<readonly { readonly Name: string }[]>({ method: 'GET', path: '/networks' });
      return networks.map(({ Name: name }) => name);
    }
    case 'runtime':
      return Object.keys(
        (await client.json<{ readonly Runtimes: Readonly<Record<string, unknown>> }>({ method: 'GET', path: '/info' })).Runtimes,
      );
  }
}
