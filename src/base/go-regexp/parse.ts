import { foldCase, GoRegExpSyntaxError, PERL_CLASSES, POSIX_CLASSES, unicodeClass } from './syntax.ts';
import type { CodePointTest, Node } from './syntax.ts';

/** Go allows no more repetitions of one item. */
const MAX_REPEAT = 1000;

/** Deeper nesting is refused, as Go does. */
const MAX_DEPTH = 1000;

const ESCAPED_CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

interface Flags {
  readonly ignoresCase: boolean;
  readonly isMultiline: boolean;
  readonly dotMatchesAll: boolean;
}

/**
 * Reads a regular expression in the syntax of Go's package `regexp` (RE2's): Perl's without what needs backtracking.
 *
 * @throws {GoRegExpSyntaxError} For anything else, look-around and back-references among it.
 */
export function parseGoRegExp(pattern: string): Node {
  const parser = new Parser(Array.from(pattern));
  const node = parser.choice({ ignoresCase: false, isMultiline: false, dotMatchesAll: false }, 0);
  if (!parser.isAtEnd) throw new GoRegExpSyntaxError('unexpected )');
  return node;
}

class Parser {
  readonly #chars: readonly string[];
  #at = 0;

  constructor(chars: readonly string[]) {
    this.#chars = chars;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#chars.length;
  }

  /** Alternatives up to the end or a closing parenthesis, which stays. */
  choice(outer: Flags, depth: number): Node {
    if (depth > MAX_DEPTH) throw new GoRegExpSyntaxError('expression nests too deeply');
    const alternatives: Node[] = [];
    let items: Node[] = [];
    let flags = outer;
    let wasRepeated = false;
    while (!this.isAtEnd && this.#peek() !== ')') {
      const repetition = this.#repetition();
      if (repetition !== undefined) {
        const item = items.pop();
        if (item === undefined) throw new GoRegExpSyntaxError('missing argument to repetition operator');
        if (wasRepeated) throw new GoRegExpSyntaxError('invalid nested repetition operator');
        items.push({ kind: 'repeat', item, ...repetition });
        wasRepeated = true;
        continue;
      }
      wasRepeated = false;
      if (this.#take('|')) {
        alternatives.push({ kind: 'sequence', items });
        items = [];
        continue;
      }
      const found = this.#atom(flags, depth);
      if ('flags' in found) flags = found.flags;
      else items.push(...found.nodes);
    }
    alternatives.push({ kind: 'sequence', items });
    return alternatives.length === 1 && alternatives[0] !== undefined ? alternatives[0] : { kind: 'choice', items: alternatives };
  }

  /** `*`, `+`, `?`, `{n,m}` and a following `?`; a brace that is none of these is a letter like others. */
  #repetition(): { readonly min: number; readonly max: number } | undefined {
    const bounds = this.#bounds();
    if (bounds !== undefined) this.#take('?');
    return bounds;
  }

  #bounds(): { readonly min: number; readonly max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Infinity };
    if (this.#take('+')) return { min: 1, max: Infinity };
    if (this.#take('?')) return { min: 0, max: 1 };
    if (this.#peek() !== '{') return undefined;
    // Enough for any count that is allowed, so that a long pattern is not searched again at each brace.
    const match = /^\{(\d{1,8})(?:(,)(\d{0,8}))?\}/.exec(this.#chars.slice(this.#at, this.#at + 20).join(''));
    if (match === null) return undefined;
    const [whole, low = '', comma, high = ''] = match;
    const min = Number(low);
    const max = comma === undefined ? min : high === '' ? Infinity : Number(high);
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || min > max) throw new GoRegExpSyntaxError('invalid repeat count');
    this.#at += whole.length;
    return { min, max };
  }

  #atom(flags: Flags, depth: number): { readonly nodes: readonly Node[] } | { readonly flags: Flags } {
    const char = this.#next();
    switch (char) {
      case '(':
        return this.#group(flags, depth);
      case '[':
        return one(this.#class(flags));
      case '.':
        return one((c) => flags.dotMatchesAll || c !== 0x0a);
      case '^':
        return { nodes: [{ kind: 'assert', assertion: flags.isMultiline ? 'line-start' : 'text-start' }] };
      case '$':
        return { nodes: [{ kind: 'assert', assertion: flags.isMultiline ? 'line-end' : 'text-end' }] };
      case '\\':
        return { nodes: this.#escape(flags) };
      default:
        return { nodes: [literal(char, flags)] };
    }
  }

  /** After `(`: a group with or without a name, or flags, which hold for the rest of the group around. */
  #group(flags: Flags, depth: number): { readonly nodes: readonly Node[] } | { readonly flags: Flags } {
    let inner = flags;
    if (this.#take('?')) {
      if (this.#peek() === 'P' || this.#peek() === '<') this.#groupName();
      else {
        inner = this.#flags(flags);
        if (this.#take(')')) return { flags: inner };
        if (!this.#take(':')) throw new GoRegExpSyntaxError('invalid or unsupported Perl syntax');
      }
    }
    const node = this.choice(inner, depth + 1);
    if (!this.#take(')')) throw new GoRegExpSyntaxError('missing closing )');
    return { nodes: [node] };
  }

  #groupName(): void {
    this.#take('P');
    if (!this.#take('<')) throw new GoRegExpSyntaxError('invalid or unsupported Perl syntax');
    let name = '';
    while (!this.isAtEnd && this.#peek() !== '>') name += this.#next();
    if (!this.#take('>') || !/^\w+$/.test(name)) throw new GoRegExpSyntaxError('invalid named capture');
  }

  #flags(outer: Flags): Flags {
    const flags = { ...outer };
    let value = true;
    let sawFlag = false;
    for (; !this.isAtEnd && this.#peek() !== ')' && this.#peek() !== ':'; this.#at++) {
      const letter = this.#peek();
      if (letter === '-' && value) {
        value = false;
        sawFlag = false;
        continue;
      }
      if (letter === 'i') flags.ignoresCase = value;
      else if (letter === 'm') flags.isMultiline = value;
      else if (letter === 's') flags.dotMatchesAll = value;
      else if (letter !== 'U') throw new GoRegExpSyntaxError('invalid or unsupported Perl syntax');
      sawFlag = true;
    }
    if (!value && !sawFlag) throw new GoRegExpSyntaxError('missing argument to flags');
    return flags;
  }

  /** After a backslash outside a class. */
  #escape(flags: Flags): readonly Node[] {
    switch (this.#peek()) {
      case 'A':
        this.#at++;
        return [{ kind: 'assert', assertion: 'text-start' }];
      case 'z':
        this.#at++;
        return [{ kind: 'assert', assertion: 'text-end' }];
      case 'b':
        this.#at++;
        return [{ kind: 'assert', assertion: 'word-boundary' }];
      case 'B':
        this.#at++;
        return [{ kind: 'assert', assertion: 'no-word-boundary' }];
      case 'Q':
        this.#at++;
        return this.#quoted(flags);
      default: {
        const test = this.#escapedClass();
        if (test !== undefined) return [{ kind: 'one', test: flags.ignoresCase ? foldCase(test) : test }];
        return [literal(String.fromCodePoint(this.#escapedCodePoint()), flags)];
      }
    }
  }

  /** Literal text up to `\E` or the end. */
  #quoted(flags: Flags): Node[] {
    const nodes: Node[] = [];
    while (!this.isAtEnd) {
      if (this.#peek() === '\\' && this.#chars[this.#at + 1] === 'E') {
        this.#at += 2;
        break;
      }
      nodes.push(literal(this.#next(), flags));
    }
    return nodes;
  }

  /** `\d`, `\pL`, `\P{Greek}`, `\p{^Greek}` and their like, the backslash already read. */
  #escapedClass(): CodePointTest | undefined {
    const letter = this.#peek();
    const perl = Object.hasOwn(PERL_CLASSES, letter) ? PERL_CLASSES[letter] : undefined;
    if (perl !== undefined) {
      this.#at++;
      return perl;
    }
    if (letter !== 'p' && letter !== 'P') return undefined;
    this.#at++;
    let name = this.#next();
    if (name === '{') {
      name = '';
      while (!this.isAtEnd && this.#peek() !== '}') name += this.#next();
      if (!this.#take('}')) throw new GoRegExpSyntaxError('invalid character class range');
    }
    const test = unicodeClass(name.replace(/^\^/, ''));
    if (test === undefined) throw new GoRegExpSyntaxError('invalid character class range');
    return (letter === 'P') !== name.startsWith('^') ? (c) => !test(c) : test;
  }

  #escapedCodePoint(): number {
    const char = this.#next();
    const control = Object.hasOwn(ESCAPED_CONTROLS, char) ? ESCAPED_CONTROLS[char] : undefined;
    if (control !== undefined) return control;
    if (char === 'x') return this.#hexadecimal();
    if (/^[0-7]$/.test(char)) return this.#octal(char);
    if (char === '' || char > '\u007f' || /^[0-9A-Za-z]$/.test(char)) throw new GoRegExpSyntaxError('invalid escape sequence');
    return char.codePointAt(0) ?? 0;
  }

  #hexadecimal(): number {
    let digits = '';
    if (this.#take('{')) {
      while (!this.isAtEnd && this.#peek() !== '}' && digits.length <= 8) digits += this.#next();
      if (!this.#take('}')) throw new GoRegExpSyntaxError('invalid escape sequence');
    } else digits = this.#next() + this.#next();
    const value = Number.parseInt(digits, 16);
    if (!/^[\da-fA-F]+$/.test(digits) || value > 0x10_ff_ff) throw new GoRegExpSyntaxError('invalid escape sequence');
    return value;
  }

  /** One digit alone, other than 0, would be a back-reference. */
  #octal(first: string): number {
    let digits = first;
    if (first !== '0' && !/^[0-7]$/.test(this.#peek())) throw new GoRegExpSyntaxError('invalid escape sequence');
    while (digits.length < 3 && /^[0-7]$/.test(this.#peek())) digits += this.#next();
    return Number.parseInt(digits, 8);
  }

  /** After `[`, up to and with the closing bracket; a bracket in first place is a member. */
  #class(flags: Flags): CodePointTest {
    const isNegated = this.#take('^');
    const tests: CodePointTest[] = [];
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) {
      if (this.isAtEnd) throw new GoRegExpSyntaxError('missing closing ]');
      tests.push(this.#classMember());
    }
    this.#at++;
    const isMember: CodePointTest = (c) => tests.some((test) => test(c));
    const test = flags.ignoresCase ? foldCase(isMember) : isMember;
    return isNegated ? (c) => !test(c) : test;
  }

  #classMember(): CodePointTest {
    if (this.#peek() === '[' && this.#chars[this.#at + 1] === ':') {
      const named = /^\[:(\^?)([a-z]+):\]/.exec(this.#chars.slice(this.#at, this.#at + 20).join(''));
      if (named !== null) {
        const [whole, caret, name = ''] = named;
        const test = Object.hasOwn(POSIX_CLASSES, name) ? POSIX_CLASSES[name] : undefined;
        if (test === undefined) throw new GoRegExpSyntaxError('invalid character class range');
        this.#at += whole.length;
        return caret === '^' ? (c) => !test(c) : test;
      }
    }
    if (this.#peek() === '\\') {
      this.#at++;
      const test = this.#escapedClass();
      if (test !== undefined) return test;
      this.#at--;
    }
    const low = this.#classCodePoint();
    if (this.#peek() !== '-' || this.#chars[this.#at + 1] === ']' || this.#at + 1 >= this.#chars.length) return (c) => c === low;
    this.#at++;
    const high = this.#classCodePoint();
    if (high < low) throw new GoRegExpSyntaxError('invalid character class range');
    return (c) => c >= low && c <= high;
  }

  #classCodePoint(): number {
    if (this.isAtEnd) throw new GoRegExpSyntaxError('missing closing ]');
    if (this.#take('\\')) return this.#escapedCodePoint();
    return this.#next().codePointAt(0) ?? 0;
  }

  /** The code point here, empty at the end. */
  #peek(): string {
    return this.#chars[this.#at] ?? '';
  }

  #next(): string {
    return this.#chars[this.#at++] ?? '';
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at++;
    return true;
  }
}

function one(test: CodePointTest): { readonly nodes: readonly Node[] } {
  return { nodes: [{ kind: 'one', test }] };
}

function literal(char: string, { ignoresCase }: Flags): Node {
  const codePoint = char.codePointAt(0) ?? 0;
  const test: CodePointTest = (c) => c === codePoint;
  return { kind: 'one', test: ignoresCase ? foldCase(test) : test };
}
