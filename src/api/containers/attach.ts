import { findPierError } from '../../base/errors.ts';
import type { StreamSession } from '../backend.ts';
import { dockerError } from '../errors.ts';
import { pumpSession } from '../pump-session.ts';
import type { HijackExchange } from '../route.ts';

/** `POST /containers/{id}/attach`: the connection becomes the container's streams. */
export async function attachContainer(exchange: HijackExchange): Promise<void> {
  let session: StreamSession;
  try {
    session = await joinStreams(exchange);
  } catch (error) {
    exchange.refuseAsText(error);
    return;
  }
  const withInput = exchange.request.flag('stdin') && exchange.request.flag('stream');
  await pumpSession(session, exchange.accept(!session.tty), withInput);
}

const REFUSALS: Readonly<Record<string, string>> = {
  'container.paused': 'is paused, unpause the container before attach',
  'container.restarting': 'is restarting, wait until the container is running',
};

async function joinStreams({ backend, request }: HijackExchange): Promise<StreamSession> {
  const ref = request.param('id');
  const keys = request.text('detachKeys');
  try {
    return await backend.containers.attach(ref, {
      stdin: request.flag('stdin'),
      stdout: request.flag('stdout'),
      stderr: request.flag('stderr'),
      logs: request.flag('logs'),
      stream: request.flag('stream'),
      ...(keys === '' ? {} : { detachKeys: keys }),
    });
  } catch (error) {
    const text = REFUSALS[findPierError(error)?.reason ?? ''];
    throw text === undefined ? error : dockerError('Conflict', `container ${ref} ${text}`, error);
  }
}
