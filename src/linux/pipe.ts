import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { checkSyscall, libcFunction } from './libc.ts';

const pipe2 = libcFunction<(fds: Int32Array, flags: number) => number>('int pipe2(_Out_ int *fds, int flags)');

const O_CLOEXEC = 0o2000000;

/** Both ends of a pipe, close-on-exec. Whoever holds it closes them. */
export interface Pipe {
  readonly readFd: number;
  readonly writeFd: number;
}

/** Makes a pipe. @throws {SyscallError} `EMFILE`, `ENFILE`. */
export function openPipe(): Pipe {
  const fds = new Int32Array(2);
  checkSyscall(pipe2(fds, O_CLOEXEC), 'pipe2');
  return { readFd: fds[0] ?? -1, writeFd: fds[1] ?? -1 };
}

/** Wraps the end of a pipe as a stream; the stream closes the descriptor. */
export function readablePipe(fd: number): Socket {
  return new Socket({ fd, readable: true, writable: false });
}

/** Wraps the end of a pipe as a stream; the stream closes the descriptor. */
export function writablePipe(fd: number): Socket {
  return new Socket({ fd, readable: false, writable: true });
}

/** Closes descriptors that may be closed already. */
export function closeQuietly(...fds: readonly number[]): void {
  for (const fd of fds) {
    try {
      closeSync(fd);
    } catch {
      // EBADF: whoever took it over has closed it.
    }
  }
}
