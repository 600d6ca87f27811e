import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { checkSyscall, libcFunction } from './libc.ts';

const socket = libcFunction<(domain: number, type: number, protocol: number) => number>('int socket(int domain, int type, int protocol)');
const connect = libcFunction<(fd: number, address: Buffer, length: number) => number>(
  'int connect(int fd, const void *address, unsigned int length)',
);

const AF_UNIX = 1;
const SOCK_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;

/** Kinds of unix sockets that Node's `net` cannot open. */
export const SOCKET_TYPES = { datagram: 2, seqpacket: 5 } as const;

/**
 * Connects to a unix socket.
 *
 * @param path Its length does not matter.
 * @returns A descriptor for the caller to close.
 * @throws {SyscallError} `ENOENT`, `ECONNREFUSED`, `EPROTOTYPE` if it is of another kind.
 */
export function connectUnixSocket(path: string, type: keyof typeof SOCKET_TYPES): number {
  // sun_path holds 107 bytes: go through a descriptor of the directory.
  const directory = openSync(dirname(path), O_PATH | constants.O_DIRECTORY);
  let fd = -1;
  try {
    fd = checkSyscall(socket(AF_UNIX, SOCKET_TYPES[type] | SOCK_CLOEXEC, 0), 'socket');
    const name = Buffer.from(`/proc/self/fd/${directory}/${basename(path)}\0`);
    const address = Buffer.alloc(2 + name.length);
    address.writeUInt16LE(AF_UNIX, 0);
    name.copy(address, 2);
    checkSyscall(connect(fd, address, address.length), 'connect', path);
    return fd;
  } catch (error) {
    if (fd >= 0) closeSync(fd);
    throw error;
  } finally {
    closeSync(directory);
  }
}
