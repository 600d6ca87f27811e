import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SILENT } from '../base/logger.ts';
import type { Logger } from '../base/logger.ts';
import { NEWEST_VERSION, formatVersion, negotiateVersion } from './api-version.ts';
import type { Backend } from './backend.ts';
import { CONTAINER_ROUTES } from './containers/routes.ts';
import { dockerError, messageOf } from './errors.ts';
import { EXEC_ROUTES } from './exec/routes.ts';
import { EXPLAIN_ROUTES } from './explain/routes.ts';
import { explained } from './explain/explained.ts';
import { hijackPlain, hijackUpgraded } from './hijack.ts';
import type { Hijack } from './hijack.ts';
import { IMAGE_ROUTES } from './images/routes.ts';
import { listenOn } from './listen-on.ts';
import type { ListenTarget } from './listen-on.ts';
import { NETWORK_ROUTES } from './networks/routes.ts';
import { ApiRequest } from './request.ts';
import { sendError } from './respond.ts';
import type { HostFacts, Route } from './route.ts';
import { Router, parseTarget } from './router.ts';
import type { Match } from './router.ts';
import { SYSTEM_ROUTES } from './system/routes.ts';
import { UNSUPPORTED_ROUTES } from './unsupported-routes.ts';
import { VOLUME_ROUTES } from './volumes/routes.ts';

/** How long requests that are being worked on may take to finish when the API closes, in milliseconds. */
const GRACE_MS = 5000;

/** How the API is served. */
export interface ApiConfig {
  readonly listen: ListenTarget;
  readonly logger?: Logger;
}

/** All operations; the specific ones come before those that take any name. */
const ROUTER: Router<Route> = new Router([
  ...SYSTEM_ROUTES,
  ...CONTAINER_ROUTES,
  ...EXEC_ROUTES,
  ...IMAGE_ROUTES,
  ...NETWORK_ROUTES,
  ...VOLUME_ROUTES,
  ...EXPLAIN_ROUTES,
  ...UNSUPPORTED_ROUTES,
]);

let lastRequest = 0;

/**
 * Serves the Docker Engine API of an engine on a socket. Disposing stops it: no new connections, requests that are being
 * worked on may finish, streams end. The engine is left open.
 *
 * @throws {PierError} `AlreadyExists` if another process answers on the socket; `PermissionDenied` and others of the kernel's.
 */
export async function serveApi(backend: Backend, config: ApiConfig): Promise<AsyncDisposable> {
  const api = new ApiServer(backend, config, await backend.info());
  await listenOn(api.server, config.listen);
  return api;
}

class ApiServer implements AsyncDisposable {
  readonly server: Server;
  readonly #backend: Backend;
  readonly #logger: Logger;
  readonly #host: HostFacts;
  readonly #serverHeader: string;
  /** Answers not yet complete. */
  readonly #answers = new Set<ServerResponse>();
  /** Connections that stopped being HTTP. */
  readonly #hijacked = new Set<Duplex>();

  constructor(backend: Backend, config: ApiConfig, info: HostFacts & { readonly pierVersion: string }) {
    this.#backend = backend;
    this.#logger = config.logger ?? SILENT;
    this.#host = info;
    this.#serverHeader = `Pier/${info.pierVersion} (linux)`;
    this.server = createServer(
      {
        // Clients keep idle connections for long and take a close for a failure; uploads take as long as they take.
        keepAliveTimeout: 0,
        requestTimeout: 0,
        maxHeaderSize: 1024 * 1024,
        shouldUpgradeCallback: (message) => this.#match(message)?.route.hijack !== undefined,
      },
      (message, response) => void this.#onRequest(message, response),
    );
    this.server.on('upgrade', (message, socket, head) => void this.#onUpgrade(message, socket, head));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => void this.server.close(() => resolve()));
    for (const connection of this.#hijacked) endNow(connection);
    for (const response of this.#answers) {
      if (response.headersSent) response.destroy();
      else response.setHeader('Connection', 'close');
    }
    this.server.closeIdleConnections();
    const timer = setTimeout(() => this.server.closeAllConnections(), GRACE_MS);
    await closed;
    clearTimeout(timer);
  }

  #match(message: IncomingMessage): Match<Route> | undefined {
    return ROUTER.match(message.method ?? '', parseTarget(message.url ?? '').path);
  }

  async #onRequest(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = performance.now();
    const id = nextRequestId();
    this.#answers.add(response);
    response.once('close', () => {
      this.#answers.delete(response);
      this.#log(id, message, response.statusCode, startedMs);
    });
    this.#setHeaders(response);
    try {
      await this.#dispatch(id, message, response);
    } catch (error) {
      if (!response.destroyed) this.#logFailure(id, error, sendError(response, error));
    }
  }

  async #dispatch(id: string, message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { route, request } = this.#resolve(id, message);
    const exchange = { backend: this.#backend, host: this.#host, logger: this.#logger, request };
    if (route.handle !== undefined) {
      const { handle } = route;
      await explained(message, () => handle({ ...exchange, response }));
      return;
    }
    const hijack = hijackPlain(message, response, (error) => sendError(response, error));
    await this.#hijack(id, message, hijack, () =>
      explained(message, () => route.hijack({ ...exchange, ...hijack, accept: this.#tracked(hijack) })),
    );
  }

  async #onUpgrade(message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const startedMs = performance.now();
    const id = nextRequestId();
    // Until the handler listens, a failing connection must not end the process.
    socket.on('error', () => undefined);
    let status = 101;
    let hijack = hijackUpgraded(message, socket, head, NEWEST_VERSION);
    try {
      const { route, request } = this.#resolve(id, message);
      hijack = hijackUpgraded(message, socket, Buffer.alloc(0), request.version);
      const exchange = { backend: this.#backend, host: this.#host, logger: this.#logger, request };
      await explained(message, () => route.hijack?.({ ...exchange, ...hijack, accept: this.#tracked(hijack) }));
    } catch (error) {
      status = hijack.refuse(error);
      this.#logFailure(id, error, status);
    }
    this.#log(id, message, status, startedMs);
  }

  async #hijack(id: string, message: IncomingMessage, hijack: Hijack, work: () => Promise<void>): Promise<void> {
    const startedMs = performance.now();
    try {
      await work();
    } catch (error) {
      this.#logFailure(id, error, hijack.refuse(error));
    }
    this.#log(id, message, 200, startedMs);
  }

  #tracked(hijack: Hijack): (isMultiplexed: boolean) => Duplex {
    return (isMultiplexed) => {
      const connection = hijack.accept(isMultiplexed);
      this.#hijacked.add(connection);
      connection.once('close', () => this.#hijacked.delete(connection));
      return connection;
    };
  }

  #resolve(id: string, message: IncomingMessage): { readonly route: Route; readonly request: ApiRequest } {
    const { version, path, query } = parseTarget(message.url ?? '');
    const match = ROUTER.match(message.method ?? '', path);
    if (match === undefined) throw dockerError('NotFound', 'page not found');
    const request = new ApiRequest({ id, message, version: negotiateVersion(version), params: match.params, query });
    return { route: match.route, request };
  }

  #setHeaders(response: ServerResponse): void {
    response.setHeader('Api-Version', formatVersion(NEWEST_VERSION));
    response.setHeader('Docker-Experimental', 'false');
    response.setHeader('Ostype', 'linux');
    response.setHeader('Server', this.#serverHeader);
    // HTTP/1.1 connections persist without saying so; a close that the client asked for still happens.
    response.removeHeader('Connection');
  }

  #log(id: string, message: IncomingMessage, status: number, startedMs: number): void {
    const durationMs = Math.round((performance.now() - startedMs) * 10) / 10;
    this.#logger.debug('API request', { request: id, method: message.method, target: message.url, status, durationMs });
  }

  #logFailure(id: string, error: unknown, status: number): void {
    if (status >= 500 && status !== 501) this.#logger.error('API request failed', { request: id, error: messageOf(error) });
    else if (status >= 400) this.#logger.debug('API request refused', { request: id, error: messageOf(error) });
  }
}

function nextRequestId(): string {
  lastRequest += 1;
  return lastRequest.toString(36);
}

function endNow(connection: Duplex): void {
  // What was written still goes out, as far as the client takes it.
  if (connection instanceof Socket) connection.destroySoon();
  else connection.destroy();
}
