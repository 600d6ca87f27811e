import { decodeFilters } from '../../wire/index.ts';
import type { Filters } from '../../wire/index.ts';
import { dockerError } from '../errors.ts';
import { parseUnixNs } from '../go-time.ts';
import { signalOf } from '../respond.ts';
import type { HttpExchange } from '../route.ts';
import { send } from '../stream-writer.ts';
import { matchesEvent, toEventMessage } from './event-message.ts';

/** `GET /events`: what happens, as lines of JSON, until the client goes or `until` comes. */
export async function streamEvents({ backend, request, response }: HttpExchange): Promise<void> {
  const since = parseUnixNs(request.text('since'));
  const untilNs = parseUnixNs(request.text('until'));
  if (since !== undefined && untilNs !== undefined && since > untilNs) {
    const [from, to] = [request.text('since'), request.text('until')];
    throw dockerError('InvalidArgument', `\`since\` time (${from}) cannot be after \`until\` time (${to})`);
  }
  // As Docker: asking for an end alone asks for the past too.
  const sinceNs = since ?? (untilNs === undefined ? undefined : 0n);
  const filters: Filters = decodeFilters(request.text('filters'));
  const events = backend.events({
    ...(sinceNs === undefined ? {} : { sinceNs }),
    ...(untilNs === undefined ? {} : { untilNs }),
    ...(filters.size === 0 ? {} : { matches: (event) => matchesEvent(event, filters) }),
    signal: signalOf(response),
  });
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  try {
    for await (const event of events) await send(response, toEventMessage(event));
  } catch (error) {
    if (!response.destroyed) throw error;
  }
  response.end();
}
