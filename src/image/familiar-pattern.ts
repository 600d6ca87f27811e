import { PierError } from '../base/errors.ts';
import { familiarName, formatFamiliar, parseReference } from './reference.ts';

/**
 * Makes a test for full references from patterns on their short form, with `*`, `?` and `[…]`, none of which matches a
 * slash. A pattern may stand for the whole (`alpine:3.*`) or for the name alone (`alp*`); one match is enough.
 *
 * @throws {PierError} `InvalidArgument`, reason `image.bad-pattern`, facts `{ pattern }`.
 */
export function matchFamiliar(patterns: readonly string[]): (full: string) => boolean {
  const expressions = patterns.map(toExpression);
  return (full) => {
    const reference = parseReference(full);
    return expressions.some((expression) => expression.test(formatFamiliar(reference)) || expression.test(familiarName(reference)));
  };
}

/** Go's `path.Match`, as an expression without nested repetition. */
function toExpression(pattern: string): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const set = /^\[(\^?)((?:\\.|[^\]\\])+)\]/.exec(pattern.slice(i));
      if (set === null) throw badPattern(pattern);
      source += `[${set[1]}${(set[2] ?? '').replace(/\\(.)|([[\]^\\])/g, '\\$1$2')}]`;
      i += set[0].length - 1;
    } else if (char === '\\') {
      if (i + 1 === pattern.length) throw badPattern(pattern);
      source += escape(pattern.charAt(++i));
    } else source += escape(char);
  }
  try {
    // Runs of stars mean one, and several would make a failing match slow.
    return new RegExp(`^${source.replace(/(?:\[\^\/\]\*)+/g, '[^/]*')}$`);
  } catch (error) {
    throw badPattern(pattern, error);
  }
}

function escape(char: string): string {
  return char.replace(/[.*+?^${}()|[\]\\/-]/, '\\$&');
}

function badPattern(pattern: string, cause?: unknown): PierError {
  return new PierError('InvalidArgument', `Cannot match images: "${pattern}" is not a pattern`, {
    reason: 'image.bad-pattern',
    facts: { pattern },
    cause,
  });
}
