import { PierError } from '../base/errors.ts';

/** Docker's own sequence. */
const DEFAULT_KEYS = 'ctrl-p,ctrl-q';
const CONTROL_SYMBOLS = new Map<string, number>([
  ['@', 0],
  ['[', 27],
  ['\\', 28],
  [']', 29],
  ['^', 30],
  ['_', 31],
]);

/**
 * Reads a key sequence as `--detach-keys` takes it: characters and `ctrl-<key>`, separated by commas.
 *
 * @param text `undefined` for the default; empty for none.
 * @throws {PierError} `InvalidArgument`, the reason that is given, facts `{ keys }`.
 */
export function parseDetachKeys(text: string | undefined, reason: string = 'container.bad-detach-keys'): Buffer {
  if (text === '') return Buffer.alloc(0);
  const keys = (text ?? DEFAULT_KEYS).split(',').map((key) => {
    if (key.length === 1) return key.charCodeAt(0);
    const control = /^ctrl-(.)$/i.exec(key)?.[1]?.toLowerCase();
    if (control !== undefined && /[a-z]/.test(control)) return control.charCodeAt(0) - 'a'.charCodeAt(0) + 1;
    const symbol = control === undefined ? undefined : CONTROL_SYMBOLS.get(control);
    if (symbol !== undefined) return symbol;
    throw new PierError('InvalidArgument', `Cannot parse detach keys "${text}": unknown character "${key}"`, {
      reason,
      facts: { keys: text ?? '' },
    });
  });
  return Buffer.from(keys);
}

/** Looks for a key sequence in input that arrives in pieces. Keys that may begin it are held back until they do not. */
export class DetachScanner {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  /**
   * Takes the next piece of input.
   *
   * @returns What to pass on, and whether the sequence is complete (what follows it is dropped).
   */
  scan(data: Buffer): { readonly passed: Buffer; readonly isDetach: boolean } {
    if (this.#keys.length === 0) return { passed: data, isDetach: false };
    const passed: number[] = [];
    for (const byte of data) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched += 1;
        if (this.#matched === this.#keys.length) return { passed: Buffer.from(passed), isDetach: true };
        continue;
      }
      // The keys that were held back were typed after all; this one may begin the sequence anew.
      passed.push(...this.#keys.subarray(0, this.#matched));
      this.#matched = byte === this.#keys[0] ? 1 : 0;
      if (this.#matched === 0) passed.push(byte);
      else if (this.#keys.length === 1) return { passed: Buffer.from(passed), isDetach: true };
    }
    return { passed: Buffer.from(passed), isDetach: false };
  }
}
