import { PierError } from '../../../base/errors.ts';
import type { OutputStream } from '../../container-service.ts';

/** A line of output on its way to somewhere else, without its line feed; or a piece of a long one. */
export interface ForwardMessage {
  readonly stream: OutputStream;
  readonly line: Buffer;
  readonly timeNs: bigint;
  /** Its line goes on. */
  readonly isPartial: boolean;
}

/** A place that a log goes to, message by message. It connects when it has to, again after it lost its connection. */
export interface Forward extends Disposable {
  /** Finds out whether there is somebody. @throws {PierError} `Unavailable`, reason `log.unreachable`. */
  connect(): Promise<void>;
  /** Resolves when the message is handed on. @throws {PierError} As {@linkcode connect}; then it may or may not have arrived. */
  send(message: ForwardMessage): Promise<void>;
}

/** Nobody is there to take a log. @param problem `refused` (with facts `{ network, address, errno }`), `no-journal`, `no-syslog`. */
export function unreachable(problem: string, facts: Readonly<Record<string, string>>, cause?: unknown): PierError {
  return new PierError('Unavailable', `Cannot forward log to "${facts['address'] ?? problem}"`, {
    cause,
    reason: 'log.unreachable',
    facts: { problem, ...facts },
  });
}
