import { statSync } from 'node:fs';
import { isErrno } from '../../../base/errors.ts';
import { badOption } from '../option-values.ts';

const DEFAULT_PORT = 514;
// By number; four have no name.
const NAMED = 'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp - - - -'.split(' ');
const FACILITIES: readonly string[] = NAMED.concat(Array.from({ length: 8 }, (_, number) => `local${number}`));

/** How a message looks. */
export type SyslogFormat = '' | 'rfc3164' | 'rfc5424' | 'rfc5424micro';

/** Where messages go. */
export type SyslogAddress =
  | { readonly network: 'local' }
  | { readonly network: 'unix' | 'unixgram'; readonly path: string }
  | { readonly network: 'udp' | 'tcp' | 'tcp+tls'; readonly host: string; readonly port: number };

type Options = Readonly<Record<string, string>>;

/** Checks what Docker checks when a container is made. @throws {PierError} `InvalidArgument`, reason `log.bad-option`. */
export function checkSyslogOptions(options: Options): void {
  syslogAddress(options);
  syslogFacility(options);
  syslogFormat(options);
}

/** @throws {PierError} Problems `syslog-scheme` and `syslog-path`. */
export function syslogAddress(options: Options): SyslogAddress {
  const text = options['syslog-address'] ?? '';
  if (text === '') return { network: 'local' };
  const [, scheme = '', rest = ''] = /^([a-z0-9+]+):\/\/(.*)$/i.exec(text) ?? [];
  switch (scheme) {
    case 'unix':
    case 'unixgram':
      try {
        statSync(rest);
      } catch (error) {
        if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR'))
          throw badOption('syslog-address', 'syslog-path', rest, 'InvalidArgument');
        throw error;
      }
      return { network: scheme, path: rest };
    case 'udp':
    case 'tcp':
    case 'tcp+tls': {
      const [, bracketed, plain = '', port] = /^(?:\[([^\]]*)\]|([^:/]*))(?::(\d{1,5}))?\/?$/.exec(rest) ?? [];
      const host = bracketed ?? plain;
      return { network: scheme, host: host === '' ? 'localhost' : host, port: Number(port ?? DEFAULT_PORT) };
    }
    default:
      throw badOption('syslog-address', 'syslog-scheme', scheme, 'InvalidArgument');
  }
}

/** @returns The number that goes into a message's priority. @throws {PierError} Problem `syslog-facility`. */
export function syslogFacility(options: Options): number {
  const text = options['syslog-facility'] ?? '';
  if (text === '') return FACILITIES.indexOf('daemon');
  const known = text === '-' ? -1 : FACILITIES.indexOf(text);
  if (known !== -1) return known;
  if (/^\d{1,2}$/.test(text) && Number(text) < FACILITIES.length) return Number(text);
  throw badOption('syslog-facility', 'syslog-facility', text, 'InvalidArgument');
}

/** @throws {PierError} Problem `syslog-format`. */
export function syslogFormat(options: Options): SyslogFormat {
  const format = options['syslog-format'] ?? '';
  if (format === '' || format === 'rfc3164' || format === 'rfc5424' || format === 'rfc5424micro') return format;
  throw badOption('syslog-format', 'syslog-format', format, 'InvalidArgument');
}
