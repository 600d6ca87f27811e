import { shortId } from '../../../base/ids.ts';
import { formatNs } from '../../../base/timestamp.ts';
import { UnixDatagramSender } from '../../../linux/index.ts';
import { extraAttributes } from '../log-attributes.ts';
import { unreachable } from './forward.ts';
import type { Container } from '../../container.ts';
import type { Forward, ForwardMessage } from './forward.ts';

const JOURNAL_SOCKET = '/run/systemd/journal/socket';
const ERROR = '3';
const INFORMATIONAL = '6';

/**
 * Sends to the systemd journal, with Docker's fields.
 *
 * @see https://systemd.io/JOURNAL_NATIVE_PROTOCOL/
 */
export class JournalForward implements Forward {
  readonly #path: string;
  readonly #fields: Buffer;
  #sender: UnixDatagramSender | undefined;

  constructor(container: Container, tag: string, path: string = JOURNAL_SOCKET) {
    this.#path = path;
    const fields = {
      CONTAINER_ID: shortId(container.id),
      CONTAINER_ID_FULL: container.id,
      CONTAINER_NAME: container.name,
      CONTAINER_TAG: tag,
      IMAGE_NAME: container.spec.image,
      SYSLOG_IDENTIFIER: tag,
      ...extraAttributes(container, toFieldName),
    };
    this.#fields = Buffer.concat(Object.entries(fields).map(([name, value]) => field(name, Buffer.from(value))));
  }

  async connect(): Promise<void> {
    this.#open();
  }

  async send({ stream, line, timeNs, isPartial }: ForwardMessage): Promise<void> {
    const parts = [
      field('MESSAGE', line),
      field('PRIORITY', Buffer.from(stream === 'stderr' ? ERROR : INFORMATIONAL)),
      field('SYSLOG_TIMESTAMP', Buffer.from(formatNs(timeNs))),
      ...(isPartial ? [field('CONTAINER_PARTIAL_MESSAGE', Buffer.from('true'))] : []),
      this.#fields,
    ];
    try {
      await this.#open().send(Buffer.concat(parts));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#sender?.[Symbol.dispose]();
    this.#sender = undefined;
  }

  #open(): UnixDatagramSender {
    try {
      return (this.#sender ??= new UnixDatagramSender(this.#path));
    } catch (error) {
      throw unreachable('no-journal', {}, error);
    }
  }
}

/** `NAME=value`, or with the value's length in front where it has lines. */
function field(name: string, value: Buffer): Buffer {
  const feed = Buffer.from('\n');
  if (!value.includes(feed)) return Buffer.concat([Buffer.from(`${name}=`), value, feed]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(value.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, value, feed]);
}

/** Capitals, digits and underscores, the first of them no underscore. */
function toFieldName(name: string): string {
  return name
    .replaceAll(/[a-z]/g, (letter) => letter.toUpperCase())
    .replaceAll(/[^A-Z0-9]/g, '_')
    .replace(/^_+/, '');
}
