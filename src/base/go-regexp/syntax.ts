/** Tells whether one code point belongs to a set. */
export type CodePointTest = (codePoint: number) => boolean;

/** Places between code points. */
export type Assertion = 'text-start' | 'text-end' | 'line-start' | 'line-end' | 'word-boundary' | 'no-word-boundary';

/** A regular expression as a tree. What a group captures is of no interest, nor whether a repetition is greedy. */
export type Node =
  | { readonly kind: 'one'; readonly test: CodePointTest }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly items: readonly Node[] }
  | { readonly kind: 'repeat'; readonly item: Node; readonly min: number; readonly max: number };

/** Why a text is no regular expression of Go's. */
export class GoRegExpSyntaxError extends Error {}

/** `[A-Za-z0-9_]`, on which `\b` and `\w` stand. */
export function isWordCodePoint(codePoint: number): boolean {
  return isDigit(codePoint) || isLetter(codePoint) || codePoint === 0x5f;
}

function isDigit(codePoint: number): boolean {
  return codePoint >= 0x30 && codePoint <= 0x39;
}

function isLetter(codePoint: number): boolean {
  const lower = codePoint | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function isSpace(codePoint: number): boolean {
  return codePoint === 0x20 || codePoint === 0x09 || codePoint === 0x0a || codePoint === 0x0c || codePoint === 0x0d;
}

function isGraphic(codePoint: number): boolean {
  return codePoint > 0x20 && codePoint < 0x7f;
}

/** Perl's classes by letter, all of ASCII. */
export const PERL_CLASSES: Readonly<Record<string, CodePointTest>> = {
  d: isDigit,
  s: isSpace,
  w: isWordCodePoint,
  D: (c) => !isDigit(c),
  S: (c) => !isSpace(c),
  W: (c) => !isWordCodePoint(c),
};

/** POSIX classes by name, as in `[[:alpha:]]`. */
export const POSIX_CLASSES: Readonly<Record<string, CodePointTest>> = {
  alnum: (c) => isDigit(c) || isLetter(c),
  alpha: isLetter,
  ascii: (c) => c < 0x80,
  blank: (c) => c === 0x20 || c === 0x09,
  cntrl: (c) => c < 0x20 || c === 0x7f,
  digit: isDigit,
  graph: isGraphic,
  lower: (c) => c >= 0x61 && c <= 0x7a,
  print: (c) => c === 0x20 || isGraphic(c),
  punct: (c) => isGraphic(c) && !isDigit(c) && !isLetter(c),
  space: (c) => isSpace(c) || c === 0x0b,
  upper: (c) => c >= 0x41 && c <= 0x5a,
  word: isWordCodePoint,
  xdigit: (c) => isDigit(c) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66),
};

/** The test for `\p{Name}`: a general category or a script. `undefined` if Unicode has none of that name. */
export function unicodeClass(name: string): CodePointTest | undefined {
  if (name === 'Any') return () => true;
  if (!/^[A-Z][A-Za-z_]*$/.test(name)) return undefined;
  for (const property of [`gc=${name}`, `sc=${name}`]) {
    try {
      const pattern = new RegExp(`^\\p{${property}}$`, 'u');
      return (codePoint) => pattern.test(String.fromCodePoint(codePoint));
    } catch {
      // Not this kind of property.
    }
  }
  return undefined;
}

/** Also accepts a code point whose other case is in the set. */
export function foldCase(test: CodePointTest): CodePointTest {
  return (codePoint) => {
    if (test(codePoint)) return true;
    const char = String.fromCodePoint(codePoint);
    return [char.toLowerCase(), char.toUpperCase(), char.toUpperCase().toLowerCase()].some(
      (other) => other !== char && Array.from(other).length === 1 && test(other.codePointAt(0) ?? 0),
    );
  };
}
