import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Platform } from '../base/platform.ts';
import type { Logger } from '../base/logger.ts';
import type { Backend, EngineInfo } from './backend.ts';
import type { ApiRequest } from './request.ts';

/** HTTP methods that the API uses. */
export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** What is the same for every request: facts of this machine. */
export interface HostFacts {
  readonly cgroupVersion: 1 | 2;
  readonly cpuCount: number;
  /** With the level of its processor. */
  readonly platform: Platform;
  readonly cgroupFeatures: EngineInfo['cgroupFeatures'];
}

/** What every handler works with. */
export interface Exchange {
  readonly backend: Backend;
  readonly host: HostFacts;
  readonly request: ApiRequest;
  readonly logger: Logger;
}

/** A request that is answered. */
export interface HttpExchange extends Exchange {
  readonly response: ServerResponse;
}

/** A request whose connection becomes a raw stream in both directions. Until `accept` an error can be answered as usual. */
export interface HijackExchange extends Exchange {
  /** The request's body; it ends before the stream begins. @throws {PierError} `InvalidArgument` if it is longer than `limit`. */
  readBody(limit: number): Promise<Buffer>;
  /**
   * Sends the head of the answer and hands over the connection.
   *
   * @param isMultiplexed Frames will be sent, not raw bytes; newer clients are told so by the content type.
   */
  accept(isMultiplexed: boolean): Duplex;
  /** Answers with an error as bare text, which is how attach does it. */
  refuseAsText(error: unknown): void;
  /** Answers 200 without a body: there is nothing to stream after all. */
  decline(): void;
}

/** An operation of the API: pure data, bound to its handler. */
export type Route = RoutePattern &
  (
    | { readonly handle: (exchange: HttpExchange) => Promise<void> | void; readonly hijack?: never }
    | { readonly hijack: (exchange: HijackExchange) => Promise<void>; readonly handle?: never }
  );

/** Which requests a route is for. */
export interface RoutePattern {
  readonly method: Method;
  /** `/containers/{id}/json`; `{name...}` spans several segments. */
  readonly path: string;
}
