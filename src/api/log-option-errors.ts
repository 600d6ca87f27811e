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
  regexp: ({ value, detail }) => `error parsing regexp: ${detail}: \`${value}\``,
};

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
  const words = DRIVER_PROBLEMS[problem]?.(facts);
  if (words === undefined) return undefined;
  return `failed to create task for container: failed to initialize logging driver: ${LOCAL_PREFIXES[option]?.(facts) ?? ''}${words}`;
}
