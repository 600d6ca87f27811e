/** What to do about an error, for people: the first entry whose pattern fits the text. `$1` stands for the pattern's group. */
const ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/^Cannot connect to the pier daemon at unix:\/\/\/run\/pier\/pier\.sock/m, "'pier daemon' starts it, as root"],
  [/^Cannot connect to the pier daemon at (\S+)\./m, "'pier context show' names the context in use, and -H or DOCKER_HOST another daemon"],
  [/No such container: (\S+)/, "'pier ps -a' lists all containers"],
  [/No such image: (\S+)/, "'pier images' lists what is there; 'pier load' and 'pier import' bring images in"],
  [/The container name "\/([^"]+)" is already in use/, "'pier rm -f $1' removes it, 'pier start $1' runs it again"],
  [/cannot remove container "\/?([^"]+)": container is running/, "'pier stop $1' first, or 'pier rm -f $1'"],
  [/container ([0-9a-f]{12})[0-9a-f]{52} is not running/, "'pier start $1' runs it, 'pier logs $1' tells what it said last"],
  [
    /exec: "([^"]+)": (?:executable file not found in \$PATH|stat .*no such file)/,
    "the image has no program '$1': try 'sh', or leave the command away to run the image's own",
  ],
  [/conflict: .*image is being used by running container (\S+)/, "'pier rm -f $1' ends and removes it: what runs keeps its image"],
  [/conflict: .*image has dependent child images/, "'pier images -a' lists what was made from it, which goes first"],
  [/conflict: .*image is referenced in multiple repositories/, "'pier rmi NAME' removes one of its names, -f all of them"],
  [/conflict: .*image is being used by stopped container (\S+)/, "'pier rm $1' first; -f removes the image all the same"],
  [
    /conflict: unable to remove repository reference .* - container (\S+) /,
    "'pier rm $1' first, if it is needed no more; -f removes the name all the same",
  ],
  [/the named volume "([^"]+)"/, 'a directory of the host does in its place: -v "$PWD/$1:…"'],
  [/--mount is not supported yet/, "'-v HOST:CONTAINER' shows a directory of the host's, '--tmpfs DIRECTORY' an empty one"],
  [/--publish(?:-all)?\) is not supported yet/, "'--network host' opens the container's ports on the host itself"],
  [/multiple IDs found with provided prefix: (\S+)/, 'type more of the id, or use the name'],
  [/context "([^"]+)": context not found/, "'pier context ls' lists contexts, 'pier context use default' goes back to pier's own daemon"],
  [/the input device is not a TTY/, 'leave -t away where the input is a pipe or a file'],
  [/network (\S+) not found/, "'pier network ls' lists networks"],
  [/bind source path does not exist: (\S+)/, "'mkdir -p $1' makes it"],
];

const RED = '\u001B[31m';
const FAINT = '\u001B[2m';
const PLAIN = '\u001B[0m';

/** What to do about an error; `undefined` where there is nothing to say. */
export function adviceFor(text: string): string | undefined {
  for (const [pattern, advice] of ADVICE) {
    const match = pattern.exec(text);
    if (match !== null) return advice.replaceAll('$1', () => match[1] ?? '');
  }
  return undefined;
}

/**
 * An error as a terminal shows it: its first line red, what to do next below. What is not a terminal gets Docker's bare words,
 * which scripts may look for.
 *
 * @param text Without the last line feed.
 * @param isColoured `false` leaves the advice and no more.
 * @param advice By default what {@linkcode adviceFor} finds.
 */
export function forTerminal(text: string, isColoured: boolean, advice: string | undefined = adviceFor(text)): string {
  const [first = '', ...rest] = text.split('\n');
  const lines = [isColoured ? `${RED}${first}${PLAIN}` : first, ...rest];
  if (advice !== undefined) lines.push('', isColoured ? `${FAINT}→ ${advice}${PLAIN}` : `→ ${advice}`);
  return lines.join('\n');
}
