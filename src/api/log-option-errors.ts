import type { ErrorFacts } from '../base/errors.ts';

/** Docker's words for what keeps a log driver from being made, by problem. */
const DRIVER_PROBLEMS: Readonly<Record<string, (facts: ErrorFacts) => string>> = {
  size: ({ value }) => `invalid size: '${value}'`,
  'size-not-positive': () => 'max-size must be a positive number',
  integer: ({ value }) => `strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`,
  boolean: ({ value }) => `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
  'too-few-files': () => 'max-file cannot be less than 1',
  'compress-without-files': () => 'compress cannot be true when max-file is less than 2 or max-size is not set',
  'compress-one-file': () => 'compression cannot be enabled when max file count is 1',
  'tag-unclosed': () => 'template: log-tag:1: unclosed action',
  'tag-field': ({ field, column }) =>
    `template: log-tag:1:${column}: executing "log-tag" at <.${field}>: can't evaluate field ${field} in type *logger.Info`,
  'tls-ca': ({ value }) => `Could not read CA certificate "${value}": open ${value}: no such file or directory`,
  'tls-pair': ({ value }) => `Could not load X509 key pair: open ${value}: no such file or directory`,
  regexp: ({ value, detail }) => `error parsing regexp: ${detail}: \`${value}\``,
};

/** Docker's words for what keeps a container from being made. */
const CREATE_PROBLEMS: Readonly<Record<string, (facts: ErrorFacts) => string>> = {
  'syslog-scheme': ({ value }) => `unsupported scheme: '${value}'`,
  'syslog-path': ({ value }) => `stat ${value}: no such file or directory`,
  'syslog-facility': () => 'invalid syslog facility',
  'syslog-format': () => 'Invalid syslog format',
};

const ERRNO_TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ENOENT: 'no such file or directory',
  EPROTOTYPE: 'protocol wrong type for socket',
  ETIMEDOUT: 'i/o timeout',
};

/** Docker's words for a log that nobody takes. */
export function logUnreachable({ problem, network, address, errno = '' }: ErrorFacts): string {
  const words =
    problem === 'no-journal'
      ? 'journald is not enabled on this host'
      : problem === 'no-syslog'
        ? 'Unix syslog delivery error'
        : `dial ${network} ${address}: connect: ${ERRNO_TEXTS[errno] ?? errno}`;
  return `failed to create task for container: failed to initialize logging driver: ${words}`;
}

/** Where the driver `local` says more than others. */
const LOCAL_PREFIXES: Readonly<Record<string, (facts: ErrorFacts) => string>> = {
  'local max-size': ({ value }) => `invalid value for max-size: ${value}: `,
  'local max-file': ({ value }) => `invalid value for max-file: ${value}: `,
  'local compress': () => 'error reading compress log option: ',
};

/** The refusal of a log option's value: at the start of the container, but for a few at its creation. */
export function badLogOption(facts: ErrorFacts): string | undefined {
  const { option = '', problem = '', value } = facts;
  if (option === 'max-buffer-size') return `error parsing option max-buffer-size: invalid size: '${value}'`;
  if (option === 'cache-disabled') return `invalid value for option cache-disabled: ${value}`;
  const early = CREATE_PROBLEMS[problem]?.(facts);
  if (early !== undefined) return early;
  const words = DRIVER_PROBLEMS[problem]?.(facts);
  if (words === undefined) return undefined;
  return `failed to create task for container: failed to initialize logging driver: ${LOCAL_PREFIXES[option]?.(facts) ?? ''}${words}`;
}
