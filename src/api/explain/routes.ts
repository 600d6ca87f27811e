import { once } from 'node:events';
import { dockerError } from '../errors.ts';
import { sendEmpty } from '../respond.ts';
import type { HttpExchange, Route } from '../route.ts';
import { endExplanation, openExplanation } from './explained.ts';

/**
 * What `pier explain` talks to; not of Docker's API.
 *
 * `GET /pier/explain` answers with lines of JSON: first `{ "token" }`, then the steps of every request that carries the token
 * in the header `Pier-Explain`, until `DELETE /pier/explain/{token}` or the client's end.
 */
export const EXPLAIN_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/pier/explain', handle: stream },
  {
    method: 'DELETE',
    path: '/pier/explain/{token}',
    handle({ request, response }) {
      const token = request.param('token');
      if (!endExplanation(token)) throw dockerError('NotFound', `no such explanation: ${token}`);
      sendEmpty(response, 204);
    },
  },
];

async function stream({ response }: HttpExchange): Promise<void> {
  using explanation = openExplanation(
    (step) => void response.write(`${JSON.stringify(step)}\n`),
    () => void response.end(),
  );
  response.writeHead(200, { 'Content-Type': 'application/jsonl' });
  response.write(`${JSON.stringify({ token: explanation.token })}\n`);
  await once(response, 'close');
}
