import type { CommandDefinition, FlagDefinition } from '../command.ts';

const OBJECT_FORMAT: FlagDefinition = {
  long: 'format',
  short: 'f',
  kind: 'string',
  description: "Format output using a custom template: 'json', or a Go template 'TEMPLATE'",
};
const LIST_FORMAT: FlagDefinition = {
  long: 'format',
  kind: 'string',
  description: "Format output using a custom template: 'table', 'table TEMPLATE', 'json', or a Go template 'TEMPLATE'",
};
const FILTER: FlagDefinition = {
  long: 'filter',
  short: 'f',
  kind: 'list',
  valueName: 'filter',
  description: 'Filter output based on conditions provided',
};

/** Commands on the daemon, on any kind of object, and on networks. */
export const SYSTEM_COMMANDS: readonly CommandDefinition[] = [
  {
    paths: ['version'],
    section: 'common',
    order: 5,
    usage: '[OPTIONS]',
    summary: 'Show the pier version information',
    examples: ["pier version --format '{{.Server.Version}}'"],
    flags: [OBJECT_FORMAT],
    args: { min: 0, max: 0 },
    load: () => import('./version.ts'),
  },
  {
    paths: ['info', 'system info'],
    section: 'common',
    order: 6,
    usage: '[OPTIONS]',
    summary: 'Display system-wide information',
    examples: ["pier info --format '{{.Driver}}'"],
    flags: [OBJECT_FORMAT],
    args: { min: 0, max: 0 },
    load: () => import('./info.ts'),
  },
  {
    paths: ['events', 'system events'],
    usage: '[OPTIONS]',
    summary: 'Get real time events from the server',
    examples: ['pier events --since 10m --filter type=container'],
    flags: [
      FILTER,
      { long: 'format', kind: 'string', description: "Format output using a custom template: 'json', or a Go template 'TEMPLATE'" },
      { long: 'since', kind: 'string', description: 'Show all events created since timestamp' },
      { long: 'until', kind: 'string', description: 'Stream events until this timestamp' },
    ],
    args: { min: 0, max: 0 },
    load: () => import('./events.ts'),
  },
  {
    paths: ['inspect'],
    usage: '[OPTIONS] NAME|ID [NAME|ID...]',
    summary: 'Return low-level information on pier objects',
    examples: ["pier inspect -f '{{.State.Status}}' web"],
    flags: [
      OBJECT_FORMAT,
      { long: 'size', short: 's', kind: 'bool', description: 'Display total file sizes if the type is container' },
      { long: 'type', kind: 'string', description: 'Only inspect objects of the given type' },
    ],
    args: { min: 1 },
    completes: 'container',
    load: () => import('./inspect.ts'),
  },
  {
    paths: ['system df'],
    usage: '[OPTIONS]',
    summary: 'Show pier disk usage',
    examples: ['pier system df'],
    flags: [LIST_FORMAT, { long: 'verbose', short: 'v', kind: 'bool', description: 'Show detailed information on space usage' }],
    args: { min: 0, max: 0 },
    load: () => import('./df.ts'),
  },
  {
    paths: ['system prune'],
    usage: '[OPTIONS]',
    summary: 'Remove unused data',
    examples: ['pier system prune -af --filter until=24h'],
    flags: [
      { long: 'all', short: 'a', kind: 'bool', description: 'Remove all unused images not just dangling ones' },
      { long: 'filter', kind: 'list', valueName: 'filter', description: 'Provide filter values (e.g. "label=<key>=<value>")' },
      { long: 'force', short: 'f', kind: 'bool', description: 'Do not prompt for confirmation' },
      { long: 'volumes', kind: 'bool', description: 'Prune anonymous volumes' },
    ],
    args: { min: 0, max: 0 },
    load: () => import('./prune.ts'),
  },
  {
    paths: ['network ls'],
    aliases: ['network list'],
    usage: '[OPTIONS]',
    summary: 'List networks',
    examples: ['pier network ls'],
    flags: [
      FILTER,
      LIST_FORMAT,
      { long: 'no-trunc', kind: 'bool', description: 'Do not truncate the output' },
      { long: 'quiet', short: 'q', kind: 'bool', description: 'Only display network IDs' },
    ],
    args: { min: 0, max: 0 },
    load: () => import('./network-ls.ts'),
  },
  {
    paths: ['network inspect'],
    usage: '[OPTIONS] NETWORK [NETWORK...]',
    summary: 'Display detailed information on one or more networks',
    examples: ['pier network inspect bridge'],
    flags: [OBJECT_FORMAT, { long: 'verbose', short: 'v', kind: 'bool', description: 'Verbose output for diagnostics' }],
    args: { min: 1 },
    load: () => import('./network-inspect.ts'),
  },
  ...['system dial-stdio', 'network connect', 'network create', 'network disconnect', 'network prune', 'network rm'].map(
    (path): CommandDefinition => ({
      paths: [path],
      usage: '',
      summary: 'Not supported yet',
      flags: [],
      args: { min: 0 },
      unsupported: true,
    }),
  ),
];
