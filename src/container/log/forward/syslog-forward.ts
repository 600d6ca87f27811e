import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { hostname } from 'node:os';
import { connect as connectTls } from 'node:tls';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { UnixDatagramSender } from '../../../linux/index.ts';
import { badOption } from '../option-values.ts';
import { unreachable } from './forward.ts';
import { syslogMessage } from './syslog-message.ts';
import { syslogAddress, syslogFacility, syslogFormat } from './syslog-options.ts';
import type { Forward, ForwardMessage } from './forward.ts';
import type { SyslogIdentity } from './syslog-message.ts';
import type { SyslogAddress } from './syslog-options.ts';

/** Where a machine's own syslog may listen. */
const LOCAL_SOCKETS = ['/dev/log', '/var/run/syslog', '/var/run/log'];
const CONNECT_LIMIT_MS = 10_000;
/** How long a connection that is given up waits for the other side to take what was written. */
const CLOSE_LIMIT_MS = 2000;

/** An open way to a syslog server. */
interface Channel extends Disposable {
  readonly isBroken: () => boolean;
  readonly send: (message: Buffer) => Promise<void>;
}

type Options = Readonly<Record<string, string>>;

/** Sends to a syslog server, by Docker's options. */
export class SyslogForward implements Forward {
  readonly #address: SyslogAddress;
  readonly #identity: SyslogIdentity;
  readonly #tls: ConnectionOptions;
  #channel: Channel | undefined;
  #isOver = false;

  /** @throws {PierError} Reason `log.bad-option`. */
  constructor(options: Options, tag: string) {
    this.#address = syslogAddress(options);
    const format = syslogFormat(options);
    const isSecure = this.#address.network === 'tcp+tls';
    const isCounted = isSecure && format.startsWith('rfc5424');
    this.#identity = { format, facility: syslogFacility(options), tag, hostname: hostname(), pid: process.pid, isCounted };
    this.#tls = isSecure ? tlsOptions(options) : {};
  }

  async connect(): Promise<void> {
    this.#channel = await this.#open();
  }

  async send(message: ForwardMessage): Promise<void> {
    if (this.#channel?.isBroken() === true) this.#drop();
    this.#channel ??= await this.#open();
    try {
      // Given up while it was being opened.
      if (this.#isOver) throw unreachable('closed', {});
      await this.#channel.send(syslogMessage(this.#identity, message));
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#drop();
  }

  #drop(): void {
    this.#channel?.[Symbol.dispose]();
    this.#channel = undefined;
  }

  async #open(): Promise<Channel> {
    const address = this.#address;
    switch (address.network) {
      case 'local':
        return await openLocal();
      case 'unixgram':
        return openDatagram(address.path);
      case 'udp':
        return openUdp(address.host, address.port);
      case 'unix':
        return await openStream(connectTcp(address.path), 'connect', 'unix', address.path);
      case 'tcp': {
        const { host, port } = address;
        return await openStream(connectTcp({ host, port }), 'connect', 'tcp', `${host}:${port}`);
      }
      case 'tcp+tls': {
        const { host, port } = address;
        return await openStream(connectTls({ host, port, servername: host, ...this.#tls }), 'secureConnect', 'tcp', `${host}:${port}`);
      }
    }
  }
}

function tlsOptions(options: Options): ConnectionOptions {
  const read = (name: string, problem: string): Buffer | undefined => {
    const path = options[name] ?? '';
    if (path === '') return undefined;
    try {
      return readFileSync(path);
    } catch {
      throw badOption(name, problem, path);
    }
  };
  const ca = read('syslog-tls-ca-cert', 'tls-ca');
  const cert = read('syslog-tls-cert', 'tls-pair');
  const key = read('syslog-tls-key', 'tls-pair');
  return {
    // That the option is there is what counts, not what it says.
    rejectUnauthorized: options['syslog-tls-skip-verify'] === undefined,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  };
}

async function openLocal(): Promise<Channel> {
  for (const path of LOCAL_SOCKETS) {
    try {
      return openDatagram(path);
    } catch {
      // Perhaps it takes a stream, or there is another.
      const stream = await openStream(connectTcp(path), 'connect', 'unix', path).catch(() => undefined);
      if (stream !== undefined) return stream;
    }
  }
  throw unreachable('no-syslog', {});
}

function openDatagram(path: string): Channel {
  try {
    const sender = new UnixDatagramSender(path);
    return {
      isBroken: () => false,
      send: async (message) => {
        await sender.send(message);
      },
      [Symbol.dispose]: () => sender[Symbol.dispose](),
    };
  } catch (error) {
    throw unreachable('refused', { network: 'unixgram', address: path, errno: errnoOf(error) }, error);
  }
}

function openUdp(host: string, port: number): Channel {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  // Nobody there, says the kernel of an earlier message: of no consequence to the next.
  socket.on('error', () => {});
  socket.unref();
  return {
    isBroken: () => false,
    send: (message) => new Promise((resolve, reject) => socket.send(message, port, host, (error) => (error ? reject(error) : resolve()))),
    [Symbol.dispose]: () => void socket.close(),
  };
}

async function openStream(socket: Socket, event: string, network: string, address: string): Promise<Channel> {
  socket.unref();
  try {
    await once(socket, event, { signal: AbortSignal.timeout(CONNECT_LIMIT_MS) });
  } catch (error) {
    socket.destroy();
    throw unreachable('refused', { network, address, errno: errnoOf(error) }, error);
  }
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.destroy());
  // Whatever it says; only thus its end is noticed.
  socket.resume();
  return {
    isBroken: () => socket.destroyed,
    send: (message) =>
      new Promise((resolve, reject) => {
        // Resolves when the kernel has taken it.
        socket.write(message, (error) =>
          error ? reject(unreachable('refused', { network, address, errno: errnoOf(error) }, error)) : resolve(),
        );
      }),
    [Symbol.dispose]: () => closeStream(socket),
  };
}

/** What is written goes out, unless nobody reads it. */
function closeStream(socket: Socket): void {
  const limit = setTimeout(() => socket.destroy(), CLOSE_LIMIT_MS).unref();
  socket.once('close', () => clearTimeout(limit)).end(() => socket.destroy());
}

function errnoOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : { cause: undefined };
  const found = error instanceof Error && 'code' in error ? error : cause;
  return found instanceof Error && 'code' in found ? String(found.code) : 'ETIMEDOUT';
}
