import { formatNs } from '../../../base/timestamp.ts';
import type { ForwardMessage } from './forward.ts';
import type { SyslogFormat } from './syslog-options.ts';

const ERROR = 3;
const INFORMATIONAL = 6;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** What all messages of a container share. */
export interface SyslogIdentity {
  readonly format: SyslogFormat;
  readonly facility: number;
  readonly tag: string;
  readonly hostname: string;
  readonly pid: number;
  /** Its length goes before each message, as RFC 5425 wants it over TLS. */
  readonly isCounted: boolean;
}

/** A line as a syslog message, a line feed at its end. */
export function syslogMessage(identity: SyslogIdentity, { stream, line, timeNs }: ForwardMessage): Buffer {
  const { format, facility, tag, hostname, pid, isCounted } = identity;
  const priority = `<${facility * 8 + (stream === 'stderr' ? ERROR : INFORMATIONAL)}>`;
  const head = ((): string => {
    switch (format) {
      case '':
        return `${priority}${stamp(timeNs)} ${tag}[${pid}]: `;
      case 'rfc3164':
        return `${priority}${stamp(timeNs)} ${hostname} ${tag}[${pid}]: `;
      case 'rfc5424':
        return `${priority}1 ${formatNs(timeNs).slice(0, 19)}Z ${hostname} ${tag} ${pid} ${tag} - `;
      case 'rfc5424micro':
        return `${priority}1 ${micro(timeNs)} ${hostname} ${tag} ${pid} ${tag} - `;
    }
  })();
  const message = Buffer.concat([Buffer.from(head), line, Buffer.from('\n')]);
  return isCounted ? Buffer.concat([Buffer.from(`${message.length} `), message]) : message;
}

/** `Jan  2 03:04:05`, in the machine's own time. */
function stamp(timeNs: bigint): string {
  const date = new Date(Number(timeNs / 1_000_000n));
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((number) => String(number).padStart(2, '0'));
  return `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${clock.join(':')}`;
}

function micro(timeNs: bigint): string {
  return `${formatNs(timeNs).slice(0, 19)}.${(timeNs % 1_000_000_000n).toString().padStart(9, '0').slice(0, 6)}Z`;
}
