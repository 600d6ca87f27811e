import type { Client } from '../client/index.ts';
import { COMMANDS, GROUPS, resolveCommand } from './commands.ts';

/** Each shell asks `pier __complete WORD…`, of which the last is the word at the cursor, and offers the lines of the answer. */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_pier() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(pier __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _pier pier
`,
  zsh: `#compdef pier
_pier() {
  local -a candidates
  candidates=("\${(@f)$(pier __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a candidates
}
compdef _pier pier
`,
  fish: `complete -c pier -f -a '(pier __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};

/** Prints the script that makes a shell complete pier's command lines. */
export function completion(shell: string | undefined): number {
  const script = SCRIPTS[shell ?? ''];
  if (script === undefined) {
    process.stderr.write("pier: 'pier completion' requires one of: bash, zsh, fish\n");
    return 1;
  }
  process.stdout.write(script);
  return 0;
}

/** Prints what the last of some words may become. It never starts a daemon and never fails. */
export async function candidates(words: readonly string[], client: Client): Promise<number> {
  const current = words.at(-1) ?? '';
  const found = (await offers(words.slice(0, -1), current, client)).filter((word) => word.startsWith(current));
  process.stdout.write(found.map((word) => `${word}\n`).join(''));
  return 0;
}

async function offers(before: readonly string[], current: string, client: Client): Promise<readonly string[]> {
  const known = COMMANDS.filter(({ section, unsupported }) => section !== 'hidden' && !unsupported);
  const paths = known.flatMap((definition) => definition.paths);
  if (before.length === 0) {
    return [...paths.filter((path) => !path.includes(' ')), ...GROUPS.map(({ name }) => name), 'daemon', 'help', 'completion'].toSorted();
  }
  const found = resolveCommand(before);
  if (found.kind === 'group') {
    const prefix = `${found.group.name} `;
    return paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  }
  if (found.kind !== 'command') return [];
  const { flags, completes } = found.definition;
  if (current.startsWith('-')) return flags.filter(({ hidden, unsupported }) => !hidden && !unsupported).map(({ long }) => `--${long}`);
  try {
    if (completes === 'container')
      return (await client.containers.list({ all: true })).flatMap(({ Names }) => Names.map((name) => name.slice(1)));
    if (completes !== 'image') return [];
    const images = await client.json<readonly { readonly RepoTags: readonly string[] | null }[]>({ method: 'GET', path: '/images/json' });
    return images.flatMap(({ RepoTags }) => RepoTags ?? []);
  } catch {
    return [];
  }
}
