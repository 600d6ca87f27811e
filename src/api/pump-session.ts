import type { Duplex } from 'node:stream';
import type { StreamSession } from './backend.ts';
import { endConnection } from './hijack.ts';
import { StreamWriter } from './stream-writer.ts';

/** How often it is looked whether a client that has ended its input is still there, in milliseconds. */
const DEPARTURE_CHECK_MS = 1000;

const NOTHING = Buffer.alloc(0);

/**
 * Joins a client's raw connection and a session until either ends. The process never waits for the client, nor the
 * client for the process longer than a pipe would: input is read one piece at a time, output written as it is taken.
 *
 * @param withInput What the client sends is the process's input; its half-close is end of input. Otherwise both are ignored.
 */
export async function pumpSession(session: StreamSession, connection: Duplex, withInput: boolean): Promise<void> {
  connection.on('error', () => session.close());
  connection.once('close', () => session.close());
  // It may have gone while the command was being started.
  if (connection.destroyed) session.close();
  connection.once('end', () => watchForDeparture(connection));
  if (withInput) pumpInput(session, connection);
  else connection.resume();
  const writer = new StreamWriter(connection, !session.tty);
  try {
    for await (const { stream, data } of session.output) await writer.write(stream, data);
    await writer.flush();
  } catch (error) {
    if (!connection.destroyed) throw error;
  } finally {
    session.close();
    endConnection(connection);
  }
}

// A client that closed its half and one that is gone look the same until something is written: the kernel refuses even an
// empty write once nobody can read it. Without this, every observer that leaves a silent container would stay in memory.
function watchForDeparture(connection: Duplex): void {
  const timer = setInterval(() => {
    if (connection.writableEnded) clearInterval(timer);
    else if (!connection.writableNeedDrain) connection.write(NOTHING);
  }, DEPARTURE_CHECK_MS).unref();
  connection.once('close', () => clearInterval(timer));
}

function pumpInput(session: StreamSession, connection: Duplex): void {
  let last = Promise.resolve();
  connection.on('data', (chunk: Buffer) => {
    connection.pause();
    last = session.write(chunk).then(
      () => void connection.resume(),
      // The process is gone: its input goes nowhere, but the output that is left must still reach the client.
      () => void connection.resume(),
    );
  });
  connection.once('end', () => void last.then(() => session.end()));
  connection.resume();
}
