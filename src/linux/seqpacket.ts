/**
 * Sending to a `SOCK_SEQPACKET` unix socket, which Node's `net` cannot open.
 *
 * Only the sending half is kept: the receiving half is shut down at once, so the other side never waits for us to read.
 *
 * @module
 */
import { closeSync } from 'node:fs';
import { SyscallError } from '../base/errors.ts';
import { errnoName, libcFunction } from './libc.ts';
import { connectUnixSocket } from './unix-socket.ts';

const send = libcFunction<(fd: number, data: Buffer, length: number, flags: number) => number>(
  'intptr_t send(int fd, const void *data, size_t length, int flags)',
);
const shutdown = libcFunction<(fd: number, how: number) => number>('int shutdown(int fd, int how)');

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SHUT_RD = 0;
const SHUT_WR = 1;
/** conmon reads at most this much in one message (CONN_SOCK_BUF_SIZE). */
const MESSAGE_BYTES = 8192;
/** Between attempts while the other side takes nothing: the first, and the longest. */
const RETRY_MS = 1;
const LONGEST_RETRY_MS = 32;

/** The sending half of a connection. */
export class SeqpacketSender {
  #fd: number;

  /** @param path The socket; its length does not matter. @throws {SyscallError} `ENOENT`, `ECONNREFUSED`. */
  constructor(path: string) {
    this.#fd = connectUnixSocket(path, 'seqpacket');
    shutdown(this.#fd, SHUT_RD);
  }

  /**
   * Sends bytes in order, waiting while the other side's buffer is full.
   *
   * @throws {SyscallError} `EPIPE` when the other side is gone.
   */
  async send(data: Buffer): Promise<void> {
    let retryMs = RETRY_MS;
    for (let offset = 0; offset < data.length && this.#fd >= 0;) {
      const piece = data.subarray(offset, offset + MESSAGE_BYTES);
      const sent = send(this.#fd, piece, piece.length, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent >= 0) {
        offset += piece.length;
        retryMs = RETRY_MS;
        continue;
      }
      const errno = errnoName();
      if (errno !== 'EAGAIN' && errno !== 'EINTR') throw new SyscallError('send', errno);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
    }
  }

  /** End of input, delivered after all that was sent. Idempotent. */
  end(): void {
    if (this.#fd >= 0) shutdown(this.#fd, SHUT_WR);
  }

  /** Idempotent. */
  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }
}
