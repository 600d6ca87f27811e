const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

const ESCAPE = /\\(?:([abfnrtv\\'"])|x([\da-fA-F]{2})|([0-7]{3})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/y;

/**
 * The value of a quoted Go string.
 *
 * @param literal With its double quotes.
 * @returns `undefined` for an escape that Go does not have.
 */
export function parseGoString(literal: string): string | undefined {
  return unescape(literal.slice(1, -1));
}

/** The code point of a Go character constant such as `'a'`; `undefined` if it is not exactly one character. */
export function parseGoChar(literal: string): number | undefined {
  const chars = Array.from(unescape(literal.slice(1, -1)) ?? '');
  return chars.length === 1 ? chars[0]?.codePointAt(0) : undefined;
}

/** The value of a Go number: any base, `_` between digits, floats. `undefined` for what is not one (and for complex numbers). */
export function parseGoNumber(literal: string): number | bigint | undefined {
  const sign = literal.startsWith('-') ? -1 : 1;
  const digits = literal.replace(/^[+-]/, '').replaceAll('_', '');
  if (/^0[0-7]+$/.test(digits)) return sign * Number.parseInt(digits, 8);
  const value = Number(digits);
  if (digits.endsWith('i') || Number.isNaN(value)) return undefined;
  const isInteger = !/[.eE]/.test(digits) || /^0[xX]/.test(digits);
  return isInteger && !Number.isSafeInteger(value) ? BigInt(digits) * BigInt(sign) : sign * value;
}

function unescape(text: string): string | undefined {
  let out = '';
  let at = 0;
  while (at < text.length) {
    if (text[at] !== '\\') {
      out += text[at++];
      continue;
    }
    ESCAPE.lastIndex = at;
    const match = ESCAPE.exec(text);
    if (match === null) return undefined;
    const [whole, simple, hex, octal, short, long] = match;
    const code = hex ?? short ?? long;
    if (simple !== undefined) out += SIMPLE_ESCAPES[simple] ?? '';
    else out += String.fromCodePoint(code === undefined ? Number.parseInt(octal ?? '0', 8) : Number.parseInt(code, 16));
    at += whole.length;
  }
  return out;
}
