import type { StreamSession } from './container-service.ts';

/** Waits for the end of a session, and acts if its client left by the detach keys. */
export async function onDetached(session: StreamSession, act: () => void): Promise<void> {
  if ((await session.ended) === 'detached') act();
}
