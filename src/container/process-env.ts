/** What a process finds when nothing else is said. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What {@linkcode processEnv} puts together. */
export interface ProcessEnvInput {
  readonly hostname: string;
  readonly tty: boolean;
  /** The container's, image and spec merged. `NAME` alone removes a variable. */
  readonly env: readonly string[];
  /** An exec's own, over the container's. */
  readonly execEnv?: readonly string[];
  /** Home directory of the user, for processes that are told none. */
  readonly home: string;
}

/** The whole environment of a container's process, in Docker's order: PATH, HOSTNAME, TERM, the container's, the exec's, HOME. */
export function processEnv(input: ProcessEnvInput): string[] {
  const own = [`PATH=${DEFAULT_PATH}`, `HOSTNAME=${input.hostname}`, ...(input.tty ? ['TERM=xterm'] : [])];
  const variables = new Map<string, string>();
  for (const variable of [...own, ...input.env, ...(input.execEnv ?? [])]) {
    const name = nameOf(variable);
    // A variable that is set again keeps its first place.
    if (variable.includes('=')) variables.set(name, variable);
    else variables.delete(name);
  }
  if (!variables.has('HOME')) variables.set('HOME', `HOME=${input.home}`);
  return [...variables.values()];
}

/**
 * A container's variables: those of its spec, then those of the image that the spec does not name.
 *
 * @returns With `NAME` entries of the spec kept, so that they also remove the engine's own; {@linkcode processEnv} acts on them.
 */
export function mergeEnv(imageEnv: readonly string[], specEnv: readonly string[]): string[] {
  const named = new Set(specEnv.map(nameOf));
  return [...specEnv, ...imageEnv.filter((variable) => !named.has(nameOf(variable)))];
}

function nameOf(variable: string): string {
  const equals = variable.indexOf('=');
  return equals === -1 ? variable : variable.slice(0, equals);
}
