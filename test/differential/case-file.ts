import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One command line of a case. */
export interface Step {
  /**
   * `compare`: what it prints and its exit code are compared. `prepare`: it must succeed, nothing is compared.
   * `await`: it is repeated until it succeeds, nothing is compared.
   */
  readonly kind: 'compare' | 'prepare' | 'await';
  /** For bash; `docker` is the client under test. */
  readonly command: string;
}

/** A script of command lines, run in order on a daemon that holds nothing but the image `alpine`. */
export interface Case {
  /** `TOPIC/TITLE`. */
  readonly name: string;
  readonly topic: string;
  readonly steps: readonly Step[];
}

const CASES_DIR = join(import.meta.dirname, 'cases');
const KINDS: Readonly<Record<string, Step['kind']>> = { '$ ': 'compare', '- ': 'prepare', '? ': 'await' };

/** All cases, by topic and in their order there. A topic is a file in `cases/`. */
export async function readCases(): Promise<Case[]> {
  const files = (await readdir(CASES_DIR)).filter((name) => name.endsWith('.txt')).toSorted();
  const parsed = await Promise.all(
    files.map(async (name) => parseCases(name.replace(/\.txt$/, ''), await readFile(join(CASES_DIR, name), 'utf8'))),
  );
  return parsed.flat();
}

/**
 * Reads the cases of one topic: `== TITLE`, then lines that begin with `$ `, `- ` or `? `. `#` begins a comment line; a line
 * that ends with a backslash goes on in the next.
 *
 * @throws {Error} naming the line that is none of these, or a title that is there twice.
 */
export function parseCases(topic: string, text: string): Case[] {
  const cases: { name: string; topic: string; steps: Step[] }[] = [];
  for (const line of text.replaceAll('\\\n', '').split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const kind = KINDS[line.slice(0, 2)];
    if (line.startsWith('== ')) {
      const name = `${topic}/${line.slice(3).trim()}`;
      if (cases.some((other) => other.name === name)) throw new Error(`Cannot read the cases of "${topic}": twice: ${line}`);
      cases.push({ name, topic, steps: [] });
    } else if (kind !== undefined && cases.length > 0) cases.at(-1)?.steps.push({ kind, command: line.slice(2) });
    else throw new Error(`Cannot read the cases of "${topic}": neither a title nor a step: ${line}`);
  }
  return cases;
}
