/**
 * The master side of a pseudo-terminal, as a stream that never blocks the event loop.
 *
 * @module
 */
import { closeSync, constants, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { SyscallError } from '../base/errors.ts';
import { checkSyscall, errnoName, libcFunction } from './libc.ts';

const write = libcFunction<(fd: number, data: Buffer, length: number) => number>('intptr_t write(int fd, const void *data, size_t length)');
const ioctl = libcFunction<(fd: number, request: number, argument: Buffer) => number>(
  'int ioctl(int fd, unsigned long request, void *argument)',
);

const tcgetattr = libcFunction<(fd: number, termios: Buffer) => number>('int tcgetattr(int fd, void *termios)');
const cfmakeraw = libcFunction<(termios: Buffer) => void>('void cfmakeraw(void *termios)');
const tcsetattr = libcFunction<(fd: number, actions: number, termios: Buffer) => number>(
  'int tcsetattr(int fd, int actions, const void *termios)',
);

const TIOCSWINSZ = 0x5414;
const TIOCGPTN = 0x80045430;
const TIOCSPTLCK = 0x40045431;
const TCSANOW = 0;
/** More than any C library's own structure (60 bytes). */
const TERMIOS_BYTES = 256;
const RETRY_MS = 2;

/**
 * Makes a pseudo-terminal that changes nothing on its way: no echo, no line editing, no signals from keys.
 *
 * @returns The master, and the path of the other side.
 * @throws {SyscallError} Or Node's error if there is no `/dev/ptmx`.
 */
export function openRawTerminal(): { readonly master: TerminalMaster; readonly path: string } {
  const fd = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
  try {
    checkSyscall(ioctl(fd, TIOCSPTLCK, Buffer.alloc(4)), 'ioctl(TIOCSPTLCK)');
    const number = Buffer.alloc(4);
    checkSyscall(ioctl(fd, TIOCGPTN, number), 'ioctl(TIOCGPTN)');
    const termios = Buffer.alloc(TERMIOS_BYTES);
    checkSyscall(tcgetattr(fd, termios), 'tcgetattr');
    cfmakeraw(termios);
    checkSyscall(tcsetattr(fd, TCSANOW, termios), 'tcsetattr');
    return { master: new TerminalMaster(fd), path: `/dev/pts/${number.readUInt32LE(0)}` };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** A pty's master. Closing it hangs the terminal up. */
export class TerminalMaster {
  readonly #fd: number;
  readonly #stream: ReadStream;
  #isClosed = false;

  /** @param fd The master's descriptor; closed with this object. */
  constructor(fd: number) {
    this.#fd = fd;
    // Reading through libuv also makes the descriptor non-blocking, which write() relies on.
    this.#stream = new ReadStream(fd);
    this.#stream.once('close', () => (this.#isClosed = true));
    // EIO is how Linux says that the last process has left the terminal: an end, not a failure.
    this.#stream.on('error', () => this.close());
  }

  /** @yields Output of the terminal until everybody has left it. */
  async *output(): AsyncGenerator<Buffer> {
    try {
      // Not destroyed at the end of the iteration: a client that leaves must not hang the terminal up.
      const chunks: AsyncIterable<Buffer> = this.#stream.iterator({ destroyOnReturn: false });
      yield* chunks;
    } catch {
      // EIO, see above.
    }
  }

  /** Types into the terminal, waiting while nobody reads. Input for a closed terminal is dropped. */
  async write(data: Buffer): Promise<void> {
    for (let offset = 0; offset < data.length && !this.#isClosed;) {
      const piece = data.subarray(offset);
      const written = write(this.#fd, piece, piece.length);
      if (written > 0) {
        offset += written;
        continue;
      }
      const errno = errnoName();
      if (errno === 'EIO' || errno === 'EBADF') return;
      if (errno !== 'EAGAIN' && errno !== 'EINTR') throw new SyscallError('write', errno);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Sets the size in characters; processes get SIGWINCH. @throws {SyscallError} */
  resize(size: { readonly height: number; readonly width: number }): void {
    if (this.#isClosed) return;
    const winsize = Buffer.alloc(8);
    winsize.writeUInt16LE(size.height & 0xffff, 0);
    winsize.writeUInt16LE(size.width & 0xffff, 2);
    checkSyscall(ioctl(this.#fd, TIOCSWINSZ, winsize), 'ioctl(TIOCSWINSZ)');
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#stream.destroy();
  }
}
