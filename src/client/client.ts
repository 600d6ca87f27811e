import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { PierError } from '../base/errors.ts';
import { ApiError, UnreachableError } from './api-error.ts';
import { ContainersApi } from './containers-api.ts';
import { ExecsApi } from './execs-api.ts';
import { parseHost } from './host.ts';
import type { HostAddress, TlsMaterial } from './host.ts';
import { parseJson } from './parse-json.ts';
import { connect, exchange } from './transport.ts';
import type { WireResponse } from './transport.ts';

/** The newest version of the Docker Engine API that this client speaks. */
export const API_VERSION = '1.51';

/** Values of a query string; lists repeat the key, `undefined` leaves it out. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** One call of the API. */
export interface ApiRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Without version and query: `/containers/json`. */
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly stream?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A connection that carries a container's or an exec's streams. */
export interface HijackedStream {
  /** Raw bytes both ways. `end()` closes the standard input and leaves the other direction open. */
  readonly socket: Socket;
  /** Output comes in frames that tell stdout from stderr (no terminal). `undefined` if the server did not say. */
  readonly isMultiplexed: boolean | undefined;
}

/** How a client finds its daemon. */
export interface ClientConfig {
  /** `unix:///path/to/socket` or `tcp://name:port`. */
  readonly host: string;
  /** For `tcp://`: talk TLS. */
  readonly tls?: TlsMaterial;
  /** Asked once when nobody listens; `true` means that it is worth another attempt. */
  readonly onUnreachable?: () => Promise<boolean>;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ask for this API version and do not negotiate. */
  readonly apiVersion?: string;
}

/**
 * A client of the Docker Engine API.
 *
 * Each request has a connection of its own. The version is not asked for in advance: requests name the newest one, and only
 * when the server finds it too new (or when the body could not be sent twice) is it pinged for the one it speaks.
 */
export class Client {
  readonly address: HostAddress;
  readonly containers: ContainersApi = new ContainersApi(this);
  readonly execs: ExecsApi = new ExecsApi(this);
  readonly #config: ClientConfig;
  readonly #onUnreachable: (() => Promise<boolean>) | undefined;
  #version: string;
  #isVersionSettled: boolean;

  constructor(config: ClientConfig) {
    this.#config = config;
    this.address = parseHost(config.host, config.tls);
    this.#onUnreachable = config.onUnreachable;
    this.#version = config.apiVersion ?? API_VERSION;
    this.#isVersionSettled = config.apiVersion !== undefined;
  }

  /** A client of the same daemon whose every request has these headers, too. */
  withHeaders(headers: Readonly<Record<string, string>>): Client {
    return new Client({ ...this.#config, headers: { ...this.#config.headers, ...headers } });
  }

  /** The API version that requests name; final once one has been answered. */
  get apiVersion(): string {
    return this.#version;
  }

  /**
   * Calls and reads a JSON answer.
   *
   * @throws {ApiError} If the daemon refuses.
   * @throws {UnreachableError} If there is none.
   */
  async json<T>(request: ApiRequest): Promise<T> {
    const response = await this.#call(request, false);
    return parseJson<T>(await text(response.message));
  }

  /** Calls and drops the body of the answer. @returns The status; 304 counts as success. */
  async send(request: ApiRequest): Promise<number> {
    const response = await this.#call(request, false);
    response.message.resume();
    return response.status;
  }

  /** Calls and hands over the body of the answer to be read as it comes. */
  async open(request: ApiRequest): Promise<IncomingMessage> {
    return (await this.#call(request, false)).message;
  }

  /** Calls and takes over the connection. */
  async hijack(request: ApiRequest): Promise<HijackedStream> {
    const response = await this.#call(request, true);
    const type = response.message.headers['content-type'];
    const isMultiplexed = type === undefined ? undefined : type === 'application/vnd.docker.multiplexed-stream';
    if (response.socket !== undefined) return { socket: response.socket, isMultiplexed };
    response.message.destroy();
    throw new ApiError(response.status, `Cannot attach to "${request.path}": the server kept the connection`);
  }

  /** Opens a connection and leaves all of it to the caller, who closes it. @throws {UnreachableError} If nobody listens. */
  async dial(): Promise<Socket> {
    return await this.#connect();
  }

  /** Asks the daemon whether it is there, and settles the API version. @returns The headers of its answer. */
  async ping(signal?: AbortSignal): Promise<IncomingMessage['headers']> {
    const request = {
      method: 'GET',
      path: '/_ping',
      headers: this.#config.headers ?? {},
      body: undefined,
      upgrade: false,
      signal,
    } as const;
    const { message, status } = await exchange(await this.#connect(), request);
    if (status >= 400) throw new ApiError(status, errorMessage(status, await text(message)));
    message.resume();
    const version = message.headers['api-version'];
    if (typeof version === 'string' && !this.#isVersionSettled) {
      if (isOlder(version, this.#version)) this.#version = version;
      this.#isVersionSettled = true;
    }
    return message.headers;
  }

  async #call(request: ApiRequest, upgrade: boolean): Promise<WireResponse> {
    if (request.stream !== undefined && !this.#isVersionSettled) await this.ping(request.signal);
    for (;;) {
      const response = await this.#exchange(request, upgrade);
      if (response.status < 400) {
        this.#isVersionSettled = true;
        return response;
      }
      const message = errorMessage(response.status, await text(response.message));
      if (this.#isVersionSettled || response.status !== 400 || !message.includes('is too new'))
        throw new ApiError(response.status, message);
      await this.ping(request.signal);
    }
  }

  async #exchange(request: ApiRequest, upgrade: boolean): Promise<WireResponse> {
    const body = request.stream ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
    const headers = {
      ...this.#config.headers,
      ...(typeof body === 'string' && { 'Content-Type': 'application/json' }),
      ...request.headers,
    };
    const path = `/v${this.#version}${request.path}${encodeQuery(request.query)}`;
    const { method, signal } = request;
    const socket = await this.#connect();
    try {
      return await exchange(socket, { method, path, headers, body, upgrade, signal });
    } catch (error) {
      if (signal?.aborted) throw error;
      const message = `Cannot read the answer of the daemon at "${this.address.host}": ${error instanceof Error ? error.message : String(error)}`;
      throw new PierError('Unavailable', message, { cause: error });
    }
  }

  async #connect(): Promise<Socket> {
    try {
      return await connect(this.address);
    } catch (error) {
      if (!(error instanceof UnreachableError) || this.#onUnreachable === undefined || !(await this.#onUnreachable())) throw error;
      return connect(this.address);
    }
  }
}

function encodeQuery(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (typeof value === 'boolean') parameters.append(key, value ? '1' : '0');
    else if (typeof value === 'string' || typeof value === 'number') parameters.append(key, String(value));
    else for (const item of value ?? []) parameters.append(key, item);
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

function errorMessage(status: number, body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed && typeof parsed.message === 'string') return parsed.message;
  } catch {
    // Not JSON: proxies and old daemons answer in plain text.
  }
  return body.trim() === '' ? `HTTP status ${status}` : body.trim();
}

/** Compares API versions as numbers: 1.9 is older than 1.41. */
function isOlder(a: string, b: string): boolean {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor < bMajor || (aMajor === bMajor && aMinor < bMinor);
}
