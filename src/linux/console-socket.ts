/**
 * Receiving a terminal from an OCI runtime: it connects to a socket and passes the pty's master over it.
 *
 * @see https://github.com/opencontainers/runc/blob/main/docs/terminals.md
 * @module
 */
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
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
/** With the zero at its end. unix(7). */
const SUN_PATH_BYTES = 108;
const O_PATH = 0o10000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const POLL_MS = 1;

/** A socket that waits for one terminal. */
export class ConsoleSocket implements Disposable {
  /** Where the runtime connects to: valid while this object lives. */
  readonly path: string;
  readonly #held: DisposableStack;
  readonly #fd: number;

  /** @param path Made here, removed on disposal. Its length does not matter. */
  constructor(path: string) {
    using held = new DisposableStack();
    this.path = Buffer.byteLength(path) < SUN_PATH_BYTES ? path : shortPath(path, held);
    this.#fd = held.adopt(checkSyscall(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), 'socket'), closeSync);
    const name = Buffer.from(`${this.path}\0`);
    const address = Buffer.alloc(2 + name.length);
    address.writeUInt16LE(AF_UNIX, 0);
    name.copy(address, 2);
    checkSyscall(bind(this.#fd, address, address.length), 'bind', path);
    held.defer(() => unlinkIfThere(path));
    checkSyscall(listen(this.#fd, 1), 'listen', path);
    this.#held = held.move();
  }

  /**
   * Waits for the runtime to connect and to pass the terminal.
   *
   * @returns Descriptor of the pty's master, close-on-exec; the caller closes it.
   * @throws {PierError} `Internal` if the connection brings none; `signal`'s reason when that is aborted and nothing has come.
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
    this.#held.dispose();
  }
}

/** Another name for a path that no socket address can hold, through a descriptor of its directory. Other processes can use it, too. */
function shortPath(path: string, held: DisposableStack): string {
  const directory = held.adopt(openSync(dirname(path), O_PATH | constants.O_DIRECTORY), closeSync);
  return `/proc/${process.pid}/fd/${directory}/${basename(path)}`;
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Whoever removed it first did what was wanted.
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
    const result = attempt();
    if (result >= 0) return result;
    const errno = errnoName();
    if (errno !== 'EAGAIN' && errno !== 'EINTR') throw new SyscallError(call, errno);
    // Not before the attempt: a command that ended between two of them has passed its terminal, with all that it said.
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
