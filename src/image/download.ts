import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { Readable } from 'node:stream';
import { PierError, isErrno } from '../base/errors.ts';
import { withoutPassword } from '../base/without-password.ts';

/** A body that is being fetched. */
export interface Download {
  readonly body: Readable;
  /** As the server says; `undefined` if it does not. */
  readonly totalBytes: number | undefined;
}

/** Bounds on a download. */
export interface DownloadLimits {
  /** Milliseconds that the server may take to begin its answer, and then between pieces of it. @default {60,000} */
  readonly idleMs?: number;
  /** @default {10} */
  readonly redirectCount?: number;
}

/** Bytes of a refusal's body that are kept for the message. */
const REFUSAL_BYTES = 1024;

/**
 * Begins to fetch a file over HTTP. Redirects are followed, to HTTP or HTTPS only.
 *
 * @throws {PierError} `Unavailable`, reason `image.download-failed`, or `NotFound`, reason `image.download-not-found`, where the
 * server says so; facts `{ url, problem, detail }`: `problem` is `status`, `redirects`, `scheme` or `connection`.
 */
export async function openDownload(url: URL, signal?: AbortSignal, limits: DownloadLimits = {}): Promise<Download> {
  const { idleMs = 60_000, redirectCount = 10 } = limits;
  const idle = new IdleTimer(idleMs, signal);
  try {
    let next = url;
    for (let hop = 0; hop <= redirectCount; hop++) {
      if (next.protocol !== 'http:' && next.protocol !== 'https:') throw failed(next, 'scheme', next.protocol.replace(':', ''));
      const response = await get(next, idle);
      const location = isRedirect(response.statusCode ?? 0) ? response.headers.location : undefined;
      if (location === undefined) return await accept(next, response, idle);
      response.destroy();
      next = resolve(location, next);
    }
    throw failed(url, 'redirects', String(redirectCount));
  } catch (error) {
    idle.stop();
    throw error;
  }
}

// Not `fetch`: where a server marks the end by closing the connection, undici of Node 24 fails an assertion, uncaught.
async function get(url: URL, idle: IdleTimer): Promise<IncomingMessage> {
  idle.restart();
  const { promise, resolve: settle, reject } = Promise.withResolvers<IncomingMessage>();
  const send = url.protocol === 'https:' ? requestTls : request;
  send(url, { signal: idle.signal, agent: false, headers: { 'Accept-Encoding': 'identity', 'User-Agent': 'pier' } }, settle)
    .once('error', reject)
    .end();
  try {
    return await promise;
  } catch (error) {
    throw failed(url, 'connection', describe(error, idle), error);
  }
}

async function accept(url: URL, response: IncomingMessage, idle: IdleTimer): Promise<Download> {
  const { statusCode = 0, statusMessage = '' } = response;
  if (statusCode < 200 || statusCode > 299) {
    const body = await beginningOf(response);
    throw failed(url, 'status', `${statusCode} ${statusMessage}: ${body}`, undefined, statusCode);
  }
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  return {
    body: Readable.from(guarded(url, response, idle), { objectMode: false }),
    totalBytes: Number.isSafeInteger(length) ? length : undefined,
  };
}

async function* guarded(url: URL, body: IncomingMessage, idle: IdleTimer): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      // The reader's own pace is not the server's fault.
      idle.stop();
      yield chunk;
      idle.restart();
    }
  } catch (error) {
    throw failed(url, 'connection', describe(error, idle), error);
  } finally {
    idle.stop();
  }
}

/** Aborts when nothing has happened for a while, or when the caller's signal says so. */
class IdleTimer {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #idleMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(idleMs: number, signal: AbortSignal | undefined) {
    this.#idleMs = idleMs;
    this.signal = signal === undefined ? this.#controller.signal : AbortSignal.any([signal, this.#controller.signal]);
  }

  get hasExpired(): boolean {
    return this.#controller.signal.aborted;
  }

  restart(): void {
    this.stop();
    this.#timer = setTimeout(() => this.#controller.abort(), this.#idleMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

async function beginningOf(body: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= REFUSAL_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, REFUSAL_BYTES).trim();
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

function resolve(location: string, base: URL): URL {
  try {
    return new URL(location, base);
  } catch (error) {
    throw failed(base, 'connection', `it redirects to ${JSON.stringify(location)}`, error);
  }
}

function describe(error: unknown, idle: IdleTimer): string {
  if (idle.hasExpired) return 'the server is silent';
  if (isErrno(error, 'ECONNREFUSED')) return 'connection refused';
  return error instanceof Error ? error.message : String(error);
}

function failed(url: URL, problem: string, detail: string, cause?: unknown, status?: number): PierError {
  const isMissing = status === 404;
  const shown = withoutPassword(url);
  return new PierError(isMissing ? 'NotFound' : 'Unavailable', `Cannot download "${shown}": ${detail}`, {
    reason: isMissing ? 'image.download-not-found' : 'image.download-failed',
    facts: { url: shown, problem, detail },
    cause,
  });
}
