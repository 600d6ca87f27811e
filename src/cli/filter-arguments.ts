import { FlagError } from './parse-flags.ts';

/**
 * Reads the values of a `--filter` flag: `key=value` each, keys in lower case.
 *
 * @param flag As Docker's message names it: `-f, --filter`.
 * @throws {FlagError} For a value without `=`, in Docker's words.
 */
export function parseFilterArguments(flag: string, values: readonly string[]): Map<string, string[]> {
  const filters = new Map<string, string[]>();
  for (const text of values) {
    if (text === '') continue;
    const split = text.indexOf('=');
    if (split === -1) {
      throw new FlagError(
        `invalid argument ${JSON.stringify(text)} for ${JSON.stringify(flag)} flag: bad format of filter (expected name=value)`,
      );
    }
    const key = text.slice(0, split).trim().toLowerCase();
    filters.set(key, [...(filters.get(key) ?? []), text.slice(split + 1).trim()]);
  }
  return filters;
}
