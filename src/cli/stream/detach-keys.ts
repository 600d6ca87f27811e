import { CommandError } from '../command-error.ts';

/** Docker's own: control-P, control-Q. */
const DEFAULT_KEYS = 'ctrl-p,ctrl-q';
const CONTROL_SYMBOLS = '@abcdefghijklmnopqrstuvwxyz[\\]^_';

/**
 * Reads a key sequence.
 *
 * @param text Keys separated by commas: single characters, or `ctrl-` and a letter or one of `@[\]^_`. Empty for the default.
 * @returns The byte that each key sends.
 * @throws {CommandError} If a key is none.
 */
export function parseDetachKeys(text: string): Uint8Array {
  const keys = (text === '' ? DEFAULT_KEYS : text).split(',');
  return Uint8Array.from(keys, (key) => {
    const control = key.startsWith('ctrl-') ? CONTROL_SYMBOLS.indexOf(key.slice('ctrl-'.length).toLowerCase() || ' ') : -1;
    if (control !== -1 && key.length === 'ctrl-'.length + 1) return control;
    if (key === 'DEL') return 0x7f;
    if (key.length === 1) return key.charCodeAt(0);
    throw new CommandError(`invalid detach keys (${text}): Unknown character: '${key}'`);
  });
}

/** What may be passed on of some input. */
export interface ScannedInput {
  readonly data: Uint8Array;
  /** The whole sequence was typed: nothing after it counts. */
  readonly isDetached: boolean;
}

/** Looks for a key sequence in typed input, across the pieces in which it comes, and holds back what may be its beginning. */
export class DetachScanner {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  scan(chunk: Uint8Array): ScannedInput {
    const passed: number[] = [];
    for (const byte of chunk) {
      // A byte that breaks a match may yet begin the next one.
      if (byte !== this.#keys[this.#matched]) {
        passed.push(...this.#keys.subarray(0, this.#matched));
        this.#matched = 0;
      }
      if (byte !== this.#keys[this.#matched]) passed.push(byte);
      else if (++this.#matched === this.#keys.length) return { data: Uint8Array.from(passed), isDetached: true };
    }
    return { data: Uint8Array.from(passed), isDetached: false };
  }
}
