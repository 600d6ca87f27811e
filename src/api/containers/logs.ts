import { formatNs } from '../../base/timestamp.ts';
import { dockerError } from '../errors.ts';
import { parseUnixNs } from '../go-time.ts';
import type { ApiRequest } from '../request.ts';
import { signalOf } from '../respond.ts';
import type { HttpExchange } from '../route.ts';
import { StreamWriter } from '../stream-writer.ts';
import type { LogOptions } from '../backend.ts';

/** Since API 1.42 the content type tells frames from a tty's raw bytes. */
const MULTIPLEXED_SINCE = 42;

/** `GET /containers/{id}/logs`. */
export async function streamLogs({ backend, request, response }: HttpExchange): Promise<void> {
  const withTimestamps = request.flag('timestamps');
  const withDetails = request.flag('details');
  const options: LogOptions = { ...toLogOptions(request), mayJoinLines: !withTimestamps && !withDetails, signal: signalOf(response) };
  const container = backend.containers.get(request.param('id'));
  const isMultiplexed = !container.spec.tty;
  const chunks = backend.containers.logs(container.id, options);
  const type = isMultiplexed && request.version >= MULTIPLEXED_SINCE ? 'multiplexed' : 'raw';
  response.writeHead(200, { 'Content-Type': `application/vnd.docker.${type}-stream` });
  response.flushHeaders();
  const details = withDetails ? `${detailsOf(backend.containers.logAttributes(container.id))} ` : '';
  const writer = new StreamWriter(response, isMultiplexed);
  try {
    for await (const { stream, data, timeNs, isLineStart } of chunks) {
      // They go in front of lines only, not of the further pieces of a long one.
      const head = isLineStart ? `${withTimestamps ? `${paddedTime(timeNs)} ` : ''}${details}` : '';
      await writer.write(stream, head === '' ? data : Buffer.concat([Buffer.from(head), data]));
    }
    await writer.flush();
  } catch (error) {
    if (!response.destroyed) throw error;
  }
  response.end();
}

function toLogOptions(request: ApiRequest): LogOptions {
  const stdout = request.flag('stdout');
  const stderr = request.flag('stderr');
  if (!stdout && !stderr) throw dockerError('InvalidArgument', 'Bad parameters: you must choose at least one stream');
  const sinceNs = parseUnixNs(request.text('since'));
  const untilNs = parseUnixNs(request.text('until'));
  const tail = request.text('tail');
  return {
    stdout,
    stderr,
    follow: request.flag('follow'),
    ...(sinceNs === undefined || sinceNs === 0n ? {} : { sinceNs }),
    ...(untilNs === undefined || untilNs === 0n ? {} : { untilNs }),
    // Docker takes anything but a number for "all".
    ...(/^\d+$/.test(tail) ? { tail: Number(tail) } : {}),
  };
}

/** `key=value` pairs in order, escaped as in a query. */
function detailsOf(attributes: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return pairs.map((pair) => pair.map(escapeQuery).join('=')).join(',');
}

/** As Go's `url.QueryEscape`. */
function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

/** All nine digits, so that columns line up: `2026-01-02T03:04:05.060000000Z`. */
function paddedTime(timeNs: bigint): string {
  const text = formatNs(timeNs).slice(0, -1);
  const [seconds = '', fraction = ''] = text.split('.');
  return `${seconds}.${fraction.padEnd(9, '0')}Z`;
}
