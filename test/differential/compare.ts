import type { ClientName } from './target.ts';
import { KNOWN_DIFFERENCES, type KnownDifference } from './known-differences.ts';
import type { Answer, Transcript } from './transcript.ts';

/** What is left of a comparison after the known differences. */
export interface Difference {
  readonly name: string;
  readonly client: ClientName;
  readonly command: string;
  /** A unified difference: `-` is Docker's line, `+` pier's. */
  readonly lines: readonly string[];
}

/** Compares transcripts, and keeps account of which known differences there were. */
export class Comparison {
  readonly #known: readonly KnownDifference[];
  readonly #used = new Set<KnownDifference>();
  #answers = 0;
  #excused = 0;

  /** @param known What is listed. */
  constructor(known: readonly KnownDifference[] = KNOWN_DIFFERENCES) {
    this.#known = known;
  }

  /** Number of command lines compared so far. */
  get answers(): number {
    return this.#answers;
  }

  /** Number of command lines that differ in a way that is listed, and in no other. */
  get excused(): number {
    return this.#excused;
  }

  /** Known differences that nothing showed. */
  get unused(): readonly KnownDifference[] {
    return this.#known.filter((known) => !this.#used.has(known));
  }

  /** Where pier's answers are not Docker's, in a way that is not listed. */
  compare(client: ClientName, docker: Transcript, pier: Transcript): Difference[] {
    return pier.answers.flatMap((answer, index): Difference[] => {
      this.#answers += 1;
      const expected = docker.answers[index];
      if (expected?.command !== answer.command) {
        return [
          { name: pier.name, client, command: answer.command, lines: ['  (not recorded like this: npm run differential -- --record)'] },
        ];
      }
      const lines = difference(expected.lines, answer.lines);
      const changed = lines.filter((line) => !line.startsWith(' '));
      const left = changed.filter((line) => !this.#isKnown(client, pier.name, answer, line));
      if (changed.length > 0 && left.length === 0) this.#excused += 1;
      return left.length === 0 ? [] : [{ name: pier.name, client, command: answer.command, lines: withContext(lines) }];
    });
  }

  #isKnown(client: ClientName, name: string, { command }: Answer, line: string): boolean {
    const found = this.#known.filter(
      (known) =>
        (known.client === undefined || known.client === client) &&
        (known.where === undefined || known.where.test(`${name} $ ${command}`)) &&
        known.line.test(line),
    );
    for (const known of found) this.#used.add(known);
    return found.length > 0;
  }
}

/** Lines of both, each after a space when it is in both, after `-` or `+` when it is only in the first or the second. */
export function difference(first: readonly string[], second: readonly string[]): string[] {
  const common = longestCommon(first, second);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < first.length || j < second.length) {
    if (i < first.length && j < second.length && first[i] === second[j]) {
      lines.push(` ${first[i]}`);
      i += 1;
      j += 1;
    } else if (i < first.length && (j === second.length || at(common, i + 1, j) >= at(common, i, j + 1))) lines.push(`-${first[i++]}`);
    else lines.push(`+${second[j++]}`);
  }
  return lines;
}

/** `[i][j]`: how many lines the rest of the first from `i` and the rest of the second from `j` have in common. */
function longestCommon(first: readonly string[], second: readonly string[]): number[][] {
  const table = Array.from({ length: first.length + 1 }, () => Array.from({ length: second.length + 1 }, () => 0));
  for (let i = first.length - 1; i >= 0; i -= 1) {
    for (let j = second.length - 1; j >= 0; j -= 1) {
      const row = table[i];
      if (row === undefined) continue;
      row[j] = first[i] === second[j] ? at(table, i + 1, j + 1) + 1 : Math.max(at(table, i + 1, j), at(table, i, j + 1));
    }
  }
  return table;
}

function at(table: readonly (readonly number[])[], i: number, j: number): number {
  return table[i]?.[j] ?? 0;
}

const CONTEXT = 2;

function withContext(lines: readonly string[]): string[] {
  const isChanged = (line: string | undefined): boolean => line !== undefined && !line.startsWith(' ');
  return lines.filter((_, index) => lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(isChanged));
}
