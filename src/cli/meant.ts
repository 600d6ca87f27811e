import { COMMANDS, GROUPS, resolveCommand } from './commands.ts';
import { HELP_TOPICS } from './help-topics.ts';
import { nearestWord } from './nearest-word.ts';
import { OWN_COMMANDS } from './own-commands.ts';

/** Longer ones are no slips of a finger, and comparing takes their square. */
const LONGEST_WORD = 40;

/** What was meant by a command, flag or help topic that does not exist; `undefined` where an error is about something else. */
export function whatWasMeant(text: string): string | undefined {
  return meantCommand(text) ?? meantFlag(text) ?? meantTopic(text);
}

function meantCommand(text: string): string | undefined {
  const words = /^pier: unknown command: pier (?:(\S+) )?(\S+)$/m.exec(text);
  if (words === null) return undefined;
  const [, group, word = ''] = words;
  const known = COMMANDS.filter(({ section, unsupported }) => section !== 'hidden' && !unsupported).flatMap(({ paths }) => paths);
  const start = group === undefined ? '' : `${group} `;
  const candidates =
    group === undefined
      ? [...known.filter((path) => !path.includes(' ')), ...GROUPS.map(({ name }) => name), ...OWN_COMMANDS]
      : known.filter((path) => path.startsWith(start)).map((path) => path.slice(start.length));
  return ask('pier ', start, word, candidates);
}

function meantFlag(text: string): string | undefined {
  const words = /^unknown flag: --(\S+)\n\nUsage: {2}pier ([^[\n]+?) *(?:\[|$)/m.exec(text);
  if (words === null) return undefined;
  const [, flag = '', path = ''] = words;
  const found = resolveCommand(path.split(' '));
  if (found.kind !== 'command') return undefined;
  const flags = found.definition.flags.filter(({ hidden, unsupported }) => !hidden && !unsupported);
  return ask(
    '',
    '--',
    flag,
    flags.map(({ long }) => long),
  );
}

function meantTopic(text: string): string | undefined {
  if (!text.startsWith('unknown help topic: ')) return undefined;
  return `'pier help COMMAND' tells of a command; pages of their own are ${Object.keys(HELP_TOPICS).join(', ')}`;
}

function ask(program: string, start: string, word: string, candidates: readonly string[]): string | undefined {
  const nearest = word.length > LONGEST_WORD ? undefined : nearestWord(word, candidates);
  return nearest === undefined ? undefined : `did you mean '${program}${start}${nearest}'?`;
}
