/**
 * Receiving a terminal from an OCI runtime: it connects to a socket and passes the pty's master over it.
 *
 * @see https://github.com/opencontainers/runc/blob/main/docs/terminals.md
 * @module
 */
import { closeSync, unlinkSync } from 'node:fs';
import { PierError, SyscallError } from '../base/errors.ts';
import { addressOf, checkSyscall, errnoName, libcFunction } from './libc.ts';

const socket = libcFunction<(domain: number, type: number, protocol: number) => number>('int socket(int domain, int type, int protocol)');
const bind = libcFunction<(fd: number, address: Buffer, length: number) => number>(
  'int bind(int fd, const void *address, unsigned int length)',
);
const listen = libcFunction<(fd: number, backlog: number) => number>('int listen(int fd, int backlog)');
const accept4 = libcFunction<(fd: number, address: null, length: null, flags: number) => number>(
  'int accept4(int fd, void *address, void *length, int flags)',
);
const recvmsg = libcFunction<(fd: number, header: Buffer, flags: number) => number>('intptr_t recvmsg(int fd, void *header, int flags)');

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const SUN_PATH_BYTES = 108;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const POLL_MS = 1;

/** A socket that waits for one terminal. */
export class ConsoleSocket implements Disposable {
  readonly path: string;
  readonly #fd: number;

  /** @param path At most 107 bytes; made here, removed on disposal. */
  constructor(path: string) {
    this.path = path;
    const name = Buffer.from(`${path}\0`);
    if (name.length > SUN_PATH_BYTES)
      throw new PierError('InvalidArgument', `Cannot listen on "${path}": longer than ${SUN_PATH_BYTES - 1} bytes`);
    this.#fd = checkSyscall(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), 'socket');
    const address = Buffer.alloc(2 + name.length);
    address.writeUInt16LE(AF_UNIX, 0);
    name.copy(address, 2);
    try {
      checkSyscall(bind(this.#fd, address, address.length), 'bind', path);
      checkSyscall(listen(this.#fd, 1), 'listen', path);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /**
   * Waits for the runtime to connect and to pass the terminal.
   *
   * @returns Descriptor of the pty's master, close-on-exec; the caller closes it.
   * @throws {PierError} `Internal` if the connection brings none; `signal`'s reason when that is aborted.
   */
  async receiveTerminal(signal: AbortSignal): Promise<number> {
    const connection = await retry('accept4', signal, () => accept4(this.#fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC));
    try {
      const message = new DescriptorMessage();
      await retry('recvmsg', signal, () => recvmsg(connection, message.header, MSG_CMSG_CLOEXEC));
      return message.descriptor();
    } finally {
      closeSync(connection);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    try {
      unlinkSync(this.path);
    } catch {
      // Whoever removed it first did what was wanted.
    }
  }
}

/** Room for one byte of data and one descriptor, laid out as `struct msghdr` of 64-bit Linux. recvmsg(2), cmsg(3). */
class DescriptorMessage {
  readonly header: Buffer = Buffer.alloc(56);
  readonly #data = Buffer.alloc(4096);
  readonly #vector = Buffer.alloc(16);
  readonly #control = Buffer.alloc(24);

  constructor() {
    this.#vector.writeBigUInt64LE(addressOf(this.#data), 0);
    this.#vector.writeBigUInt64LE(BigInt(this.#data.length), 8);
    this.header.writeBigUInt64LE(addressOf(this.#vector), 16);
    this.header.writeBigUInt64LE(1n, 24);
    this.header.writeBigUInt64LE(addressOf(this.#control), 32);
    this.header.writeBigUInt64LE(BigInt(this.#control.length), 40);
  }

  descriptor(): number {
    const isRights = this.#control.readInt32LE(8) === SOL_SOCKET && this.#control.readInt32LE(12) === SCM_RIGHTS;
    if (!isRights || this.header.readBigUInt64LE(40) < 20n)
      throw new PierError('Internal', 'Cannot receive terminal: the runtime sent no descriptor');
    return this.#control.readInt32LE(16);
  }
}

/** Repeats a non-blocking call until it does not ask to come back later. Node cannot watch a descriptor of this kind. */
async function retry(call: string, signal: AbortSignal, attempt: () => number): Promise<number> {
  for (;;) {
    signal.throwIfAborted();
    const result = attempt();
    if (result >= 0) return result;
    const errno = errnoName();
    if (errno !== 'EAGAIN' && errno !== 'EINTR') throw new SyscallError(call, errno);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
