import { closeSync } from 'node:fs';
import { SyscallError } from '../base/errors.ts';
import { errnoName, libcFunction } from './libc.ts';
import { connectUnixSocket } from './unix-socket.ts';

const send = libcFunction<(fd: number, data: Buffer, length: number, flags: number) => number>(
  'intptr_t send(int fd, const void *data, size_t length, int flags)',
);

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** Between attempts while the other side takes nothing: the first, and the longest. */
const RETRY_MS = 1;
const LONGEST_RETRY_MS = 32;

/** Sends to a unix datagram socket, such as `/dev/log` and the journal's. */
export class UnixDatagramSender implements Disposable {
  #fd: number;

  /** @throws {SyscallError} `ENOENT`, `ECONNREFUSED`, `EPROTOTYPE` if it takes a stream. */
  constructor(path: string) {
    this.#fd = connectUnixSocket(path, 'datagram');
  }

  /**
   * Sends one message, waiting while the other side's buffer is full.
   *
   * @throws {SyscallError} `ECONNREFUSED` when the other side is gone, `EMSGSIZE` when it is too large, `ECANCELED` when this is
   * disposed of while it waits.
   */
  async send(message: Buffer): Promise<void> {
    for (let retryMs = RETRY_MS; this.#fd >= 0; retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)) {
      if (send(this.#fd, message, message.length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return;
      const errno = errnoName();
      if (errno !== 'EAGAIN' && errno !== 'EINTR') throw new SyscallError('send', errno);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
    throw new SyscallError('send', 'ECANCELED');
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}
