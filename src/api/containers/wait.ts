import type { WaitResponse } from '../../wire/index.ts';
import { dockerError } from '../errors.ts';
import { sendJson, signalOf } from '../respond.ts';
import type { HttpExchange } from '../route.ts';

/** Conditions exist since API 1.30; clients from then on need the head before the container ends. */
const CONDITIONS_SINCE = 30;

/** `POST /containers/{id}/wait`. */
export async function waitForContainer({ backend, request, response }: HttpExchange): Promise<void> {
  const condition = request.version < CONDITIONS_SINCE ? 'not-running' : conditionOf(request.text('condition'));
  const { id } = backend.containers.get(request.param('id'));
  const waiting = backend.containers.wait(id, condition, signalOf(response));
  if (request.version < CONDITIONS_SINCE) {
    sendJson(response, 200, { StatusCode: (await waiting).exitCode } satisfies WaitResponse);
    return;
  }
  // The client starts the container once it has the head, so the wait must have begun: it has, above.
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  try {
    const { exitCode, error } = await waiting;
    const answer: WaitResponse = { StatusCode: exitCode, ...(error === '' ? {} : { Error: { Message: error } }) };
    response.end(`${JSON.stringify(answer)}\n`);
  } catch (error) {
    if (!response.destroyed) throw error;
  }
}

function conditionOf(text: string): 'not-running' | 'next-exit' | 'removed' {
  switch (text) {
    case '':
    case 'not-running':
      return 'not-running';
    case 'next-exit':
    case 'removed':
      return text;
    default:
      throw dockerError('InvalidArgument', `invalid condition: ${JSON.stringify(text)}`);
  }
}
