import { closeSync } from 'node:fs';
import { PierError, SyscallError } from '../base/errors.ts';
import { traceStep } from '../base/trace.ts';
import { checkSyscall, errnoName, libcFunction } from './libc.ts';
import { ControlType, MessageFlag, decodeMessages, encodeMessage } from './netlink-message.ts';
import type { NetlinkMessage, NetlinkRequest } from './netlink-message.ts';

const socket = libcFunction<(family: number, type: number, protocol: number) => number>('int socket(int domain, int type, int protocol)');
const send = libcFunction<(fd: number, data: Buffer, size: number, flags: number) => number>(
  'long send(int fd, const void *data, size_t size, int flags)',
);
const recv = libcFunction<(fd: number, data: Buffer, size: number, flags: number) => number>(
  'long recv(int fd, void *data, size_t size, int flags)',
);

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const MSG_TRUNC = 0x20;
const NETLINK_ROUTE = 0;

/** How often a dump is asked for again when the tables changed under it. */
const DUMP_ATTEMPTS = 20;

/** The kernel sends at most 32 KiB a datagram. One buffer serves all sockets: whatever is received is copied out at once. */
const datagram = Buffer.alloc(64 * 1024);

/** RTM_GETLINK, RTM_GETADDR and RTM_GETROUTE of linux/rtnetlink.h: they change nothing. */
const QUESTIONS: ReadonlySet<number> = new Set([18, 22, 26]);

/**
 * A conversation with the kernel's routing tables, in the network namespace in which it was opened, wherever the thread is
 * later. Requests are carried out inside `send`, so every call here is synchronous and waits for the kernel's work only.
 */
export class NetlinkSocket implements Disposable {
  readonly #fd: number;
  #sequence = 0;
  #isClosed = false;

  /** @throws {SyscallError} */
  constructor() {
    this.#fd = checkSyscall(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), 'open netlink socket');
  }

  /**
   * Sends requests in one datagram. All are carried out, in order, also those after one that failed.
   *
   * @returns What the kernel answered besides acknowledging, in order.
   * @throws {SyscallError} for the first request that failed.
   */
  exchange(requests: readonly NetlinkRequest[]): readonly NetlinkMessage[] {
    const first = this.#sequence + 1;
    for (const { type, verb, subject } of requests) {
      if (!QUESTIONS.has(type)) traceStep('netlink', () => ({ verb, subject }));
    }
    this.#send(requests);
    const answers: NetlinkMessage[] = [];
    let failure: SyscallError | undefined;
    for (let waiting = requests.length; waiting > 0;) {
      for (const message of this.#receive()) {
        const request = requests[message.sequence - first];
        if (request === undefined) continue; // The rest of an exchange that was given up.
        if (message.type !== ControlType.error) {
          answers.push(message);
          continue;
        }
        waiting--;
        failure ??= failureOf(message, request);
      }
    }
    if (failure !== undefined) throw failure;
    return answers;
  }

  /**
   * Asks for a table.
   *
   * @throws {SyscallError} @throws {PierError} `Unavailable` if it never stood still.
   */
  dump(request: NetlinkRequest): readonly NetlinkMessage[] {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const answers = this.#dumpOnce({ ...request, flags: request.flags | MessageFlag.dump });
      if (!answers.some(({ flags }) => (flags & MessageFlag.dumpInterrupted) !== 0)) return answers;
    }
    throw new PierError('Unavailable', `Cannot ${request.verb} "${request.subject}": the table keeps changing`);
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#fd);
  }

  #dumpOnce(request: NetlinkRequest): readonly NetlinkMessage[] {
    this.#send([request]);
    const answers: NetlinkMessage[] = [];
    for (;;) {
      for (const message of this.#receive()) {
        if (message.sequence !== this.#sequence) continue;
        if (message.type === ControlType.done) return answers;
        if (message.type === ControlType.error) {
          const failure = failureOf(message, request);
          if (failure !== undefined) throw failure;
        } else {
          answers.push(message);
        }
      }
    }
  }

  #send(requests: readonly NetlinkRequest[]): void {
    const bytes = Buffer.concat(requests.map((request) => encodeMessage(request, ++this.#sequence)));
    checkSyscall(send(this.#fd, bytes, bytes.length, 0), 'send to netlink');
  }

  #receive(): readonly NetlinkMessage[] {
    for (;;) {
      const sizeBytes = recv(this.#fd, datagram, datagram.length, MSG_TRUNC);
      if (sizeBytes < 0 && errnoName() === 'EINTR') continue;
      checkSyscall(sizeBytes, 'receive from netlink');
      if (sizeBytes > datagram.length) throw new PierError('Internal', `Cannot receive from netlink: ${sizeBytes} bytes in one datagram`);
      return decodeMessages(datagram.subarray(0, sizeBytes));
    }
  }
}

/** `struct nlmsgerr` starts with a negative errno, or 0 for an acknowledgement. */
function failureOf(message: NetlinkMessage, request: NetlinkRequest): SyscallError | undefined {
  const errno = -message.payload.readInt32LE(0);
  return errno === 0 ? undefined : new SyscallError(request.verb, errnoName(errno), request.subject);
}
