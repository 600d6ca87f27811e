import type { Readable } from 'node:stream';
import { parseJson } from './parse-json.ts';

/**
 * Reads a stream of JSON values, one a line, as the daemon sends progress and events.
 *
 * @yields Each value once its line is complete.
 * @param stream UTF-8 text. It is destroyed when the caller stops early.
 * @throws {SyntaxError} If a line is not JSON.
 */
export async function* readJsonLines<T>(stream: Readable): AsyncGenerator<T, void, void> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield parseJson<T>(line);
  }
  if (rest.trim() !== '') yield parseJson<T>(rest);
}
