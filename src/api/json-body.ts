import type { IncomingMessage } from 'node:http';
import { PierError } from '../base/errors.ts';
import { dockerError } from './errors.ts';
import { isRecord } from './field-kinds.ts';

/** The longest JSON body that is read, in bytes. */
export const MAX_JSON_BYTES: number = 4 * 1024 * 1024;

const MAX_DISCARDED_BYTES = 256 * 1024 * 1024;

/** The error for a body that is too long. */
export function bodyTooLarge(limit: number): PierError {
  return new PierError('InvalidArgument', `request body is longer than ${limit} bytes`, { reason: 'api.body-too-large' });
}

/**
 * Reads a whole body.
 *
 * @param limit Bytes.
 * @throws {PierError} `InvalidArgument` if it is longer.
 */
export async function readBody(message: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const pieces: AsyncIterable<Buffer> = message;
  for await (const chunk of pieces) {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
    // What is too long is still read, unkept: a client that is cut off while it writes never sees the refusal.
    else if (length > limit + MAX_DISCARDED_BYTES) break;
    else chunks.length = 0;
  }
  if (length > limit) throw bodyTooLarge(limit);
  return Buffer.concat(chunks);
}

/**
 * Reads a JSON object from a request's body.
 *
 * @throws {PierError} `InvalidArgument` in Docker's words: another content type, no body, bad JSON, something after it.
 */
export async function readJson(message: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const body = await readBody(message, MAX_JSON_BYTES);
  return parseJson(body.toString('utf8'), message.headers['content-type']);
}

/**
 * Checks and parses a JSON object.
 *
 * @param contentType The header's value; missing is right only without a body.
 * @throws {PierError} `InvalidArgument` in Docker's words.
 */
export function parseJson(text: string, contentType: string | undefined): Readonly<Record<string, unknown>> {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/json' && (type !== '' || text !== '')) {
    throw dockerError('InvalidArgument', `unsupported Content-Type header (${type}): must be 'application/json'`);
  }
  if (text.trim() === '') throw dockerError('InvalidArgument', 'invalid JSON: got EOF while reading request body');
  const value = parse(text);
  if (value === null) return {};
  if (!isRecord(value)) {
    const kind = Array.isArray(value) ? 'array' : typeof value;
    throw dockerError('InvalidArgument', `invalid JSON: json: cannot unmarshal ${kind} into Go value of type object`);
  }
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw dockerError('InvalidArgument', syntaxText(text, error instanceof Error ? error.message : ''), error);
  }
}

// V8 says where it stopped; Docker's clients and scripts know Go's three phrases.
function syntaxText(text: string, detail: string): string {
  if (/Unexpected end|Unterminated|Expected .* at position \d+/.test(detail) && atEnd(text, detail)) return 'invalid JSON: unexpected EOF';
  if (/after JSON/.test(detail)) return 'unexpected content after JSON';
  const position = /at position (\d+)/.exec(detail)?.[1];
  const character = position === undefined ? undefined : text[Number(position)];
  const quoted = character ?? /Unexpected token '(.)'/u.exec(detail)?.[1] ?? '?';
  return `invalid JSON: invalid character '${quoted}' looking for beginning of value`;
}

function atEnd(text: string, detail: string): boolean {
  const position = /at position (\d+)/.exec(detail)?.[1];
  return position === undefined || Number(position) >= text.trimEnd().length;
}
