import { findPierError } from '../../base/errors.ts';
import { dockerError } from '../errors.ts';
import { pumpSession } from '../pump-session.ts';
import type { HijackExchange } from '../route.ts';

/** `POST /containers/{id}/attach`: the connection becomes the container's streams. */
export async function attachContainer(exchange: HijackExchange): Promise<void> {
  const { backend, request } = exchange;
  const ref = request.param('id');
  const withInput = request.flag('stdin');
  const keys = request.text('detachKeys');
  try {
    const session = await backend.containers.attach(ref, {
      stdin: withInput,
      stdout: request.flag('stdout'),
      stderr: request.flag('stderr'),
      logs: request.flag('logs'),
      stream: request.flag('stream'),
      ...(keys === '' ? {} : { detachKeys: keys }),
    });
    await pumpSession(session, exchange.accept(!session.tty), withInput && request.flag('stream'));
  } catch (error) {
    if (findPierError(error)?.reason !== 'container.paused') throw error;
    throw dockerError('Conflict', `container ${ref} is paused, unpause the container before attach`, error);
  }
}
