import { syntaxError } from './go-template-error.ts';

/** What a token of a template is. `text` lies outside actions; all others inside. */
export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'field'
  | 'variable'
  | 'dot'
  | 'word'
  | 'number'
  | 'char'
  | 'string'
  | 'raw-string'
  | 'declare'
  | 'assign'
  | 'pipe'
  | 'comma'
  | 'left-paren'
  | 'right-paren'
  /** A printable character that starts nothing; the parser refuses it. */
  | 'other'
  | 'end';

/** A token with its place in the template. */
export interface Token {
  readonly kind: TokenKind;
  /** The token as written; `field` has its dot. */
  readonly text: string;
  /** Offset in the template. */
  readonly offset: number;
}

/** Token kinds by the pattern that starts them, longest first; sticky, so that each is tried at one place. */
const PATTERNS: readonly (readonly [TokenKind, RegExp])[] = [
  ['space', /[ \t\r\n]+/y],
  ['declare', /:=/y],
  ['assign', /=/y],
  ['pipe', /\|/y],
  ['comma', /,/y],
  ['left-paren', /\(/y],
  ['right-paren', /\)/y],
  ['string', /"(?:\\.|[^"\\\n])*"/y],
  ['raw-string', /`[^`]*`/y],
  ['char', /'(?:\\.[^']*|[^'\\\n])'/y],
  ['number', /[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)i?/y],
  ['field', /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['dot', /\./y],
  ['variable', /\$(?:[\p{L}_][\p{L}\p{Nd}_]*)?/uy],
  ['word', /[\p{L}_][\p{L}\p{Nd}_]*/uy],
];

/** Tokens that must end where a name may end. */
const NAMES: ReadonlySet<TokenKind> = new Set(['word', 'field', 'variable']);

/**
 * Splits a template into tokens, trim markers applied and comments left out.
 *
 * @throws {GoTemplateError} For actions that do not end and characters that start no token.
 */
export function scanTemplate(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  for (;;) {
    const open = text.indexOf('{{', at);
    const isTrimming = open !== -1 && /^-[ \t\r\n]/.test(text.slice(open + 2, open + 4));
    let chunk = text.slice(at, open === -1 ? undefined : open);
    if (trimNext) chunk = chunk.replace(/^[ \t\r\n]+/, '');
    if (isTrimming) chunk = chunk.replace(/[ \t\r\n]+$/, '');
    if (chunk !== '') tokens.push({ kind: 'text', text: chunk, offset: at });
    if (open === -1) break;
    const action = scanAction(text, open, isTrimming);
    tokens.push(...action.tokens);
    at = action.end;
    trimNext = action.trimsAfter;
  }
  tokens.push({ kind: 'end', text: '', offset: text.length });
  return tokens;
}

interface ScannedAction {
  readonly tokens: readonly Token[];
  /** Offset past the closing braces. */
  readonly end: number;
  readonly trimsAfter: boolean;
}

function scanAction(text: string, open: number, isTrimming: boolean): ScannedAction {
  let at = open + (isTrimming ? 4 : 2);
  if (text.startsWith('/*', isTrimming ? open + 3 : at) || text.startsWith('/*', at)) return scanComment(text, open);
  const tokens: Token[] = [{ kind: 'left', text: '{{', offset: open }];
  let depth = 0;
  for (;;) {
    const close = /(?:[ \t\r\n]-)?\}\}/y;
    close.lastIndex = at;
    const closing = close.exec(text)?.[0];
    if (closing !== undefined) {
      if (depth > 0) throw syntaxError(text, at, 'unclosed left paren');
      tokens.push({ kind: 'right', text: '}}', offset: at });
      return { tokens, end: at + closing.length, trimsAfter: closing.length > 2 };
    }
    const token = scanToken(text, at);
    if (token.kind === 'left-paren') depth++;
    if (token.kind === 'right-paren' && --depth < 0) throw syntaxError(text, at, 'unexpected right paren');
    tokens.push(token);
    at += token.text.length;
  }
}

function scanToken(text: string, at: number): Token {
  if (at >= text.length) throw syntaxError(text, at, 'unclosed action');
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) continue;
    const end = at + found.length;
    // White space before a trim marker belongs to the marker.
    if (kind === 'space' && found.length > 1 && text.startsWith('-}}', end)) return { kind, text: found.slice(0, -1), offset: at };
    const next = text.slice(end, end + 1);
    if (kind === 'dot' && next === '') throw syntaxError(text, at, 'illegal number syntax: "."');
    if (kind === 'number' && /[\p{L}\p{Nd}_]/u.test(next)) throw syntaxError(text, at, `bad number syntax: "${found}${next}"`);
    if (NAMES.has(kind) && !/^[\s.,|:()]?$/.test(next) && !text.startsWith('}}', end)) {
      throw syntaxError(text, at, `bad character ${describeChar(text, end)}`);
    }
    return { kind, text: found, offset: at };
  }
  const char = text.slice(at, at + 1);
  if (!/^[!-~]$/.test(char) || '"`\':+-'.includes(char)) throw syntaxError(text, at, badToken(text, at));
  return { kind: 'other', text: char, offset: at };
}

const BAD_TOKENS: Readonly<Record<string, string>> = {
  '"': 'unterminated quoted string',
  '`': 'unterminated raw quoted string',
  "'": 'unterminated character constant',
  ':': 'expected :=',
  '+': 'illegal number syntax: "+"',
  '-': 'illegal number syntax: "-"',
};

function badToken(text: string, at: number): string {
  const constant = /^'[^'\n]*'/.exec(text.slice(at))?.[0];
  if (constant !== undefined) return `malformed character constant: ${constant}`;
  return BAD_TOKENS[text.charAt(at)] ?? `unrecognized character in action: ${describeChar(text, at)}`;
}

/** A character as Go's `%#U` shows it: `U+005E '^'`. */
function describeChar(text: string, at: number): string {
  const code = text.codePointAt(at) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
}

function scanComment(text: string, open: number): ScannedAction {
  const end = text.indexOf('*/', open);
  if (end === -1) throw syntaxError(text, open, 'unclosed comment');
  const close = /\*\/(?:[ \t\r\n]-)?\}\}/y;
  close.lastIndex = end;
  const closing = close.exec(text)?.[0];
  if (closing === undefined) throw syntaxError(text, end, 'comment ends before closing delimiter');
  return { tokens: [], end: end + closing.length, trimsAfter: closing.length > 4 };
}
