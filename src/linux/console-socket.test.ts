import assert from 'node:assert/strict';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConsoleSocket } from './console-socket.ts';
import { addressOf, checkSyscall, libcFunction } from './libc.ts';

const socket = libcFunction<(domain: number, type: number, protocol: number) => number>('int socket(int domain, int type, int protocol)');
const connect = libcFunction<(fd: number, address: Buffer, length: number) => number>(
  'int connect(int fd, const void *address, unsigned int length)',
);
const sendmsg = libcFunction<(fd: number, header: Buffer, flags: number) => number>('long sendmsg(int fd, const void *header, int flags)');

/** Passes a descriptor as a runtime does. struct msghdr and cmsghdr of 64-bit Linux. */
function pass(path: string, descriptor: number): void {
  const fd = checkSyscall(socket(1, 1, 0), 'socket');
  const address = Buffer.concat([Buffer.from([1, 0]), Buffer.from(`${path}\0`)]);
  checkSyscall(connect(fd, address, address.length), 'connect');
  const [data, vector, control, header] = [Buffer.from('x'), Buffer.alloc(16), Buffer.alloc(24), Buffer.alloc(56)];
  vector.writeBigUInt64LE(addressOf(data), 0);
  vector.writeBigUInt64LE(1n, 8);
  control.writeBigUInt64LE(20n, 0);
  control.writeInt32LE(1, 8);
  control.writeInt32LE(1, 12);
  control.writeInt32LE(descriptor, 16);
  header.writeBigUInt64LE(addressOf(vector), 16);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(addressOf(control), 32);
  header.writeBigUInt64LE(24n, 40);
  checkSyscall(sendmsg(fd, header, 0), 'sendmsg');
  closeSync(fd);
}

// `exec -t` of a command that ends at once: its end was seen first, and what it had said was lost with its terminal.
test('receiveTerminal() takes what was passed before it was called off', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'pt-console-'));
  context.after(() => rmSync(directory, { recursive: true }));
  using console = new ConsoleSocket(join(directory, 'tty'));
  const passed = openSync('/dev/null', 'r');
  pass(console.path, passed);
  closeSync(passed);
  const received = await console.receiveTerminal(AbortSignal.abort());
  assert.ok(fstatSync(received).isCharacterDevice());
  closeSync(received);
  await assert.rejects(console.receiveTerminal(AbortSignal.abort()), { name: 'AbortError' });
});
