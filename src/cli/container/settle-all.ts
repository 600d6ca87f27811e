import { printError } from '../print-error.ts';
import { describeError } from '../describe-error.ts';

/** As many calls as Docker's command line makes at once. */
const PARALLEL = 50;

/** What one container's call came to. */
export interface Settled<T> {
  readonly name: string;
  readonly value?: T;
  readonly error?: unknown;
}

/** Does the same to several containers at once. @returns Outcomes in the order of the names. */
export async function settleAll<T>(names: readonly string[], act: (name: string) => Promise<T>): Promise<Settled<T>[]> {
  const outcomes: Settled<T>[] = [];
  for (let start = 0; start < names.length; start += PARALLEL) {
    const batch = names.slice(start, start + PARALLEL).map(async (name): Promise<Settled<T>> => {
      try {
        return { name, value: await act(name) };
      } catch (error) {
        return { name, error };
      }
    });
    outcomes.push(...(await Promise.all(batch)));
  }
  return outcomes;
}

/**
 * Does the same to several containers and prints the name of each that it was done to, then what went wrong.
 *
 * @returns 1 if anything did.
 */
export async function actOnAll(names: readonly string[], act: (name: string) => Promise<void>): Promise<number> {
  const outcomes = await settleAll(names, act);
  const failed = outcomes.filter((outcome) => 'error' in outcome);
  process.stdout.write(
    outcomes
      .filter((outcome) => !('error' in outcome))
      .map(({ name }) => `${name}\n`)
      .join(''),
  );
  await printError(failed.map(({ error }) => describeError(error)).join('\n'));
  return failed.length > 0 ? 1 : 0;
}
