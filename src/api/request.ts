import type { IncomingMessage } from 'node:http';
import { decodeFilters } from '../wire/index.ts';
import type { Filters } from '../wire/index.ts';
import { dockerError } from './errors.ts';

/** What a handler may know of a request, decoded. */
export class ApiRequest {
  /** For the log; unique within the process. */
  readonly id: string;
  readonly message: IncomingMessage;
  /** Minor number of the API version: 51 for 1.51. */
  readonly version: number;
  readonly query: URLSearchParams;
  readonly #params: Readonly<Record<string, string>>;

  constructor(fields: {
    readonly id: string;
    readonly message: IncomingMessage;
    readonly version: number;
    readonly params: Readonly<Record<string, string>>;
    readonly query: URLSearchParams;
  }) {
    this.id = fields.id;
    this.message = fields.message;
    this.version = fields.version;
    this.#params = fields.params;
    this.query = fields.query;
  }

  /** A part of the path that its template names. */
  param(name: string): string {
    return this.#params[name] ?? '';
  }

  /** A query parameter, empty if it is missing. */
  text(name: string): string {
    return this.query.get(name) ?? '';
  }

  /** A query parameter as Docker reads truth: everything but empty, `0`, `no`, `false`, `none`. */
  flag(name: string): boolean {
    const value = this.text(name).trim().toLowerCase();
    return value !== '' && value !== '0' && value !== 'no' && value !== 'false' && value !== 'none';
  }

  /**
   * A query parameter as a whole number, `undefined` if it is missing.
   *
   * @throws {PierError} `InvalidArgument` in Docker's words.
   */
  integer(name: string): number | undefined {
    const value = this.text(name);
    if (value === '') return undefined;
    if (!/^[+-]?\d+$/.test(value)) throw dockerError('InvalidArgument', `strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`);
    return Number(value);
  }

  /**
   * The query parameter `filters`, with nothing but known keys.
   *
   * @param known The keys that this operation has.
   * @throws {PierError} `InvalidArgument` in Docker's words.
   */
  filters(known: readonly string[]): Filters {
    const filters = decodeFilters(this.text('filters'));
    for (const key of filters.keys()) {
      if (!known.includes(key)) throw dockerError('InvalidArgument', key === '' ? 'invalid filter' : `invalid filter '${key}'`);
    }
    return filters;
  }
}
