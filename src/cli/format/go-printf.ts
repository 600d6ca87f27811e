import { formatGoValue, goTypeName, isGoList, isGoMap, sortedKeys } from './go-value.ts';
import type { GoValue } from './go-value.ts';

interface Verb {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly letter: string;
}

const VERB = /%([-+# 0]*)(\d+)?(?:\.(\d*))?(.)?/gsu;

/** Formats as Go's `fmt.Sprintf`, its complaints about wrong arguments included: `%!d(string=x)`. */
export function sprintf(format: string, args: readonly GoValue[]): string {
  let used = 0;
  const text = format.replace(VERB, (_, flags: string, width?: string, precision?: string, letter?: string) => {
    if (letter === undefined) return '%!(NOVERB)';
    if (letter === '%') return '%';
    if (used >= args.length) return `%!${letter}(MISSING)`;
    const verb = {
      flags,
      width: Number(width ?? 0),
      precision: precision === undefined ? undefined : Number(precision),
      letter,
    };
    return formatVerb(verb, args[used++]);
  });
  const extra = args.slice(used).map((arg) => (arg === null || arg === undefined ? '<nil>' : `${goTypeName(arg)}=${formatGoValue(arg)}`));
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`;
}

/** Formats as Go's `fmt.Sprint`: a space only between two operands of which neither is a string. */
export function sprint(args: readonly GoValue[]): string {
  return args
    .map((arg, index) => (index > 0 && typeof arg !== 'string' && typeof args[index - 1] !== 'string' ? ' ' : '') + formatGoValue(arg))
    .join('');
}

/** Quotes as Go's `strconv.Quote` does. */
export function quoteGo(text: string): string {
  return `"${Array.from(text).map(quoteChar).join('')}"`;
}

function quoteChar(char: string): string {
  const named = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r', '\b': '\\b', '\f': '\\f', '\v': '\\v', '\u0007': '\\a' }[
    char
  ];
  if (named !== undefined) return named;
  if (char === ' ' || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x1_0000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}

function formatVerb(verb: Verb, value: GoValue): string {
  if (verb.letter === 'T') return pad(verb, goTypeName(value));
  if (verb.letter === 'v') return pad(verb, formatDefault(verb, value));
  if (isGoList(value)) return `[${value.map((item) => formatVerb(verb, item)).join(' ')}]`;
  if (isGoMap(value)) {
    return `map[${sortedKeys(value)
      .map((key) => `${formatVerb(verb, key)}:${formatVerb(verb, value[key])}`)
      .join(' ')}]`;
  }
  const text = formatScalar(verb, value);
  if (text !== undefined) return pad(verb, text);
  if (value === null || value === undefined) return `%!${verb.letter}(<nil>)`;
  return `%!${verb.letter}(${goTypeName(value)}=${formatGoValue(value)})`;
}

function formatDefault(verb: Verb, value: GoValue): string {
  if (typeof value === 'string' && verb.flags.includes('#')) return quoteGo(value);
  return formatGoValue(value);
}

function formatScalar(verb: Verb, value: GoValue): string | undefined {
  if (typeof value === 'string') return formatString(verb, value);
  if (typeof value === 'bigint') return formatInteger(verb, value);
  if (typeof value === 'boolean') return verb.letter === 't' ? String(value) : undefined;
  if (typeof value !== 'number') return undefined;
  const isInteger = Number.isInteger(value) && !'eEfFgG'.includes(verb.letter);
  return isInteger ? formatInteger(verb, BigInt(value)) : formatFloat(verb, value);
}

function formatString(verb: Verb, value: string): string | undefined {
  const text = verb.precision === undefined ? value : Array.from(value).slice(0, verb.precision).join('');
  switch (verb.letter) {
    case 's':
      return text;
    case 'q':
      return quoteGo(text);
    case 'x':
      return Buffer.from(text).toString('hex');
    case 'X':
      return Buffer.from(text).toString('hex').toUpperCase();
    default:
      return undefined;
  }
}

function formatInteger(verb: Verb, value: bigint): string | undefined {
  switch (verb.letter) {
    case 'd':
      return signed(verb, value, 10, '');
    case 'b':
      return signed(verb, value, 2, '0b');
    case 'o':
      return signed(verb, value, 8, '0');
    case 'O':
      return `0o${value.toString(8)}`;
    case 'x':
      return signed(verb, value, 16, '0x');
    case 'X':
      return signed(verb, value, 16, '0X').toUpperCase();
    case 'c':
      return String.fromCodePoint(Number(value));
    case 'q':
      return `'${String.fromCodePoint(Number(value))}'`;
    case 'U':
      return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`;
    default:
      return undefined;
  }
}

function signed(verb: Verb, value: bigint, base: number, prefix: string): string {
  const digits = (value < 0n ? -value : value).toString(base).padStart(verb.precision ?? 0, '0');
  const sign = value < 0n ? '-' : verb.flags.includes('+') ? '+' : verb.flags.includes(' ') ? ' ' : '';
  return sign + (verb.flags.includes('#') ? prefix : '') + digits;
}

function formatFloat(verb: Verb, value: number): string | undefined {
  switch (verb.letter) {
    case 'f':
    case 'F':
      return value.toFixed(verb.precision ?? 6);
    case 'e':
    case 'E': {
      const text = value.toExponential(verb.precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2');
      return verb.letter === 'E' ? text.toUpperCase() : text;
    }
    case 'g':
    case 'G':
      return verb.precision === undefined ? formatGoValue(value) : String(Number(value.toPrecision(Math.max(verb.precision, 1))));
    default:
      return undefined;
  }
}

function pad(verb: Verb, text: string): string {
  const missing = verb.width - Array.from(text).length;
  if (missing <= 0) return text;
  if (verb.flags.includes('-')) return text + ' '.repeat(missing);
  if (!verb.flags.includes('0')) return ' '.repeat(missing) + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}
