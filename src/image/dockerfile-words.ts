/**
 * How a Dockerfile instruction's text falls into words, and how `$NAME` in a word is replaced.
 *
 * @module
 */
import { PierError } from '../base/errors.ts';

/**
 * Splits at white space outside of quotes. Quotes and backslashes stay in the words; {@linkcode expandWord} takes them out.
 */
export function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  let isInWord = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote === '' && /\s/.test(char)) {
      if (isInWord) words.push(word);
      word = '';
      isInWord = false;
      continue;
    }
    isInWord = true;
    word += char;
    if (char === '\\' && quote !== "'" && i + 1 < text.length) word += text.charAt(++i);
    else if (quote === char) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
  }
  if (isInWord) words.push(word);
  return words;
}

/**
 * Takes quotes and backslashes out of a word and replaces `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}`
 * outside of single quotes. An unset name is empty.
 *
 * @throws {PierError} `InvalidArgument` for a quote or brace that is not closed, or another form of `${…}`.
 */
export function expandWord(word: string, lookup: (name: string) => string | undefined): string {
  let result = '';
  let isDouble = false;
  for (let i = 0; i < word.length;) {
    const char = word.charAt(i);
    if (char === "'" && !isDouble) {
      const end = word.indexOf("'", i + 1);
      if (end === -1) throw unclosed(word, "'");
      result += word.slice(i + 1, end);
      i = end + 1;
    } else if (char === '"') {
      isDouble = !isDouble;
      i++;
    } else if (char === '\\') {
      const next = word.charAt(i + 1);
      // Inside double quotes a backslash only escapes what would mean something there.
      result += isDouble && !['"', '$', '\\'].includes(next) ? char + next : next;
      i += 2;
    } else if (char === '$') {
      const variable = expandVariable(word, i, lookup);
      result += variable.value;
      i = variable.end;
    } else {
      result += char;
      i++;
    }
  }
  if (isDouble) throw unclosed(word, '"');
  return result;
}

function expandVariable(
  word: string,
  start: number,
  lookup: (name: string) => string | undefined,
): { readonly value: string; readonly end: number } {
  const plain = /^\$([A-Za-z_][A-Za-z0-9_]*)/.exec(word.slice(start));
  if (plain !== null) return { value: lookup(plain[1] ?? '') ?? '', end: start + plain[0].length };
  if (word.charAt(start + 1) !== '{') return { value: '$', end: start + 1 };
  const end = closingBrace(word, start + 2);
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+])([^]*))?$/.exec(word.slice(start + 2, end));
  if (match === null) throw new PierError('InvalidArgument', `Cannot expand "${word}": unsupported form "${word.slice(start, end + 1)}"`);
  const [, name = '', operator = '', operand = ''] = match;
  const value = lookup(name);
  const isSet = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined;
  if (operator.endsWith('-')) return { value: isSet ? (value ?? '') : expandWord(operand, lookup), end: end + 1 };
  if (operator.endsWith('+')) return { value: isSet ? expandWord(operand, lookup) : '', end: end + 1 };
  return { value: value ?? '', end: end + 1 };
}

function closingBrace(word: string, start: number): number {
  let depth = 1;
  for (let i = start; i < word.length; i++) {
    if (word.charAt(i) === '{') depth++;
    else if (word.charAt(i) === '}' && --depth === 0) return i;
  }
  throw unclosed(word, '{');
}

function unclosed(word: string, what: string): PierError {
  return new PierError('InvalidArgument', `Cannot expand "${word}": ${what} is not closed`);
}
