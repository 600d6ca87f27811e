import type { ServerResponse } from 'node:http';
import { findPierError } from '../base/errors.ts';
import type { ErrorBody } from '../wire/index.ts';
import { TOO_OLD, messageOf, statusOf } from './errors.ts';

/** Answers with JSON; a line feed ends it, as Docker's answers do. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

/** Answers without a body. */
export function sendEmpty(response: ServerResponse, status: 200 | 201 | 204 | 304): void {
  if (status === 200 || status === 201) response.setHeader('Content-Length', 0);
  response.writeHead(status);
  response.end();
}

/**
 * Answers with an error, or breaks the connection off if an answer has begun: the client must not take half of it for the whole.
 *
 * @returns The status that was sent, 0 for none.
 */
export function sendError(response: ServerResponse, error: unknown): number {
  if (response.headersSent) {
    response.destroy();
    return 0;
  }
  const status = statusOf(error);
  if (status === 304) sendEmpty(response, 304);
  else if (findPierError(error)?.reason === TOO_OLD) sendText(response, status, messageOf(error));
  else sendJson(response, status, { message: messageOf(error) } satisfies ErrorBody);
  return status;
}

/** A signal that is aborted when the client goes away before the answer is complete. */
export function signalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  else response.once('close', () => response.writableFinished || controller.abort());
  return controller.signal;
}
