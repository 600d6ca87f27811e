/**
 * Sending to a `SOCK_SEQPACKET` unix socket, which Node's `net` cannot open.
 *
 * Only the sending half is kept: the receiving half is shut down at once, so the other side never waits for us to read.
 *
 * @module
 */
import { closeSync, openSync, constants } from 'node:fs';
import { dirname, basename } from 'node:path';
import { SyscallError } from '../base/errors.ts';
import { checkSyscall, errnoName, libcFunction } from './libc.ts';

const socket = libcFunction<(domain: number, type: number, protocol: number) => number>('int socket(int domain, int type, int protocol)');
const connect = libcFunction<(fd: number, address: Buffer, length: number) => number>(
  'int connect(int fd, const void *address, unsigned int length)',
);
const send = libcFunction<(fd: number, data: Buffer, length: number, flags: number) => number>(
  'intptr_t send(int fd, const void *data, size_t length, int flags)',
);
const shutdown = libcFunction<(fd: number, how: number) => number>('int shutdown(int fd, int how)');

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SHUT_RD = 0;
const SHUT_WR = 1;
const O_PATH = 0o10000000;
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
    // sun_path holds 107 bytes: go through a descriptor of the directory.
    const directory = openSync(dirname(path), O_PATH | constants.O_DIRECTORY);
    this.#fd = -1;
    try {
      this.#fd = checkSyscall(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), 'socket');
      const name = Buffer.from(`/proc/self/fd/${directory}/${basename(path)}\0`);
      const address = Buffer.alloc(2 + name.length);
      address.writeUInt16LE(AF_UNIX, 0);
      name.copy(address, 2);
      checkSyscall(connect(this.#fd, address, address.length), 'connect', path);
      shutdown(this.#fd, SHUT_RD);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      closeSync(directory);
    }
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
