import { PierError } from '../base/errors.ts';

/** A flag's value once read: what {@linkcode FlagKind} says. */
export type FlagValue = boolean | number | string | readonly string[];

/** The flags of one call, by long name. Asking for a flag that the command does not define is a mistake and throws. */
export class FlagValues {
  readonly #values: ReadonlyMap<string, FlagValue>;
  readonly #given: ReadonlySet<string>;

  /**
   * @param values Every flag of the command, defaults included.
   * @param given The flags that were on the command line.
   */
  constructor(values: ReadonlyMap<string, FlagValue>, given: ReadonlySet<string>) {
    this.#values = values;
    this.#given = given;
  }

  /** Tells whether the flag was on the command line. */
  has(name: string): boolean {
    return this.#given.has(name);
  }

  /** The same flags with another value for one that was not given; {@linkcode has} goes on saying so. */
  withDefault(name: string, value: FlagValue): FlagValues {
    return new FlagValues(new Map(this.#values).set(name, value), this.#given);
  }

  bool(name: string): boolean {
    return this.#get(name, (value) => typeof value === 'boolean');
  }

  string(name: string): string {
    return this.#get(name, (value) => typeof value === 'string');
  }

  /** The value of an `int` flag, or of a `bytes` flag in bytes. */
  int(name: string): number {
    return this.number(name);
  }

  number(name: string): number {
    return this.#get(name, (value) => typeof value === 'number');
  }

  list(name: string): readonly string[] {
    return this.#get(name, (value): value is readonly string[] => Array.isArray(value));
  }

  #get<T extends FlagValue>(name: string, isKind: (value: FlagValue) => value is T): T {
    const value = this.#values.get(name);
    if (value === undefined || !isKind(value)) throw new PierError('Internal', `Cannot read flag "${name}": not defined with this kind`);
    return value;
  }
}
