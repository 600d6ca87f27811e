import { PierError } from '../base/errors.ts';
import { GoRegExp } from '../base/go-regexp/go-regexp.ts';
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

/** Go's `path.Match`, as an expression that is matched in linear time: a dozen stars would hold a backtracking one for hours. */
function toExpression(pattern: string): GoRegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const set = /^\[(\^?)((?:\\.|[^\]\\])+)\]/.exec(pattern.slice(i));
      if (set === null) throw badPattern(pattern);
      source += `[${set[1]}${(set[2] ?? '').replace(/\\(.)|([[\]^\\])/gsu, (_, quoted?: string, special?: string) => inSet(quoted ?? special ?? ''))}]`;
      i += set[0].length - 1;
    } else if (char === '\\') {
      if (i + 1 === pattern.length) throw badPattern(pattern);
      source += escape(pattern.charAt(++i));
    } else source += escape(char);
  }
  try {
    return new GoRegExp(`^${source}$`);
  } catch (error) {
    throw badPattern(pattern, error);
  }
}

function escape(char: string): string {
  return char.replace(/[.*+?^${}()|[\]\\/-]/, '\\$&');
}

/** A member of a set that is meant as itself. */
function inSet(char: string): string {
  return /^[A-Za-z0-9]$/.test(char) ? char : `\\${char}`;
}

function badPattern(pattern: string, cause?: unknown): PierError {
  return new PierError('InvalidArgument', `Cannot match images: "${pattern}" is not a pattern`, {
    reason: 'image.bad-pattern',
    facts: { pattern },
    cause,
  });
}
