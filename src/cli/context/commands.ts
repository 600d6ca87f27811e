import type { CommandDefinition, FlagDefinition } from '../command.ts';

const OBJECT_FORMAT: FlagDefinition = {
  long: 'format',
  short: 'f',
  kind: 'string',
  description: "Format output using a custom template: 'json', or a Go template 'TEMPLATE'",
};

const DESCRIPTION: FlagDefinition = { long: 'description', kind: 'string', description: 'Description of the context' };

const ENDPOINT: FlagDefinition = {
  long: 'docker',
  kind: 'list',
  valueName: 'stringToString',
  shownDefault: '[]',
  description:
    'Set the daemon endpoint: "host=…", "ca=FILE", "cert=FILE", "key=FILE", "skip-tls-verify=true" or "from=CONTEXT", separated by commas',
};

/** Commands on contexts: names for daemons, shared with Docker's client. */
export const CONTEXT_COMMANDS: readonly CommandDefinition[] = [
  {
    paths: ['context create'],
    usage: '[OPTIONS] CONTEXT',
    summary: 'Create a context',
    examples: [
      'pier context create docker --docker host=unix:///var/run/docker.sock',
      'pier context create lab --docker host=tcp://lab:2376,ca=ca.pem,cert=cert.pem,key=key.pem',
    ],
    flags: [DESCRIPTION, ENDPOINT, { long: 'from', kind: 'string', description: 'Create context from a named context' }],
    args: { min: 1, max: 1 },
    loadLocal: () => import('./create.ts'),
  },
  {
    paths: ['context export'],
    usage: '[OPTIONS] CONTEXT [FILE|-]',
    summary: 'Export a context to a tar archive FILE or a tar stream on STDOUT.',
    examples: ['pier context export lab - | ssh friend pier context import lab -'],
    flags: [],
    args: { min: 1, max: 2 },
    completes: 'context',
    loadLocal: () => import('./export.ts'),
  },
  {
    paths: ['context import'],
    usage: 'CONTEXT FILE|-',
    summary: 'Import a context from a tar file',
    examples: ['pier context import lab lab.dockercontext'],
    flags: [],
    args: { min: 2, max: 2 },
    loadLocal: () => import('./import.ts'),
  },
  {
    paths: ['context inspect'],
    usage: '[OPTIONS] [CONTEXT] [CONTEXT...]',
    summary: 'Display detailed information on one or more contexts',
    examples: ["pier context inspect -f '{{.Endpoints.docker.Host}}' lab"],
    flags: [OBJECT_FORMAT],
    args: { min: 0 },
    completes: 'context',
    loadLocal: () => import('./inspect.ts'),
  },
  {
    paths: ['context ls'],
    aliases: ['context list'],
    usage: '[OPTIONS]',
    summary: 'List contexts',
    examples: ['pier context ls'],
    flags: [
      {
        long: 'format',
        kind: 'string',
        description: "Format output using a custom template: 'table', 'table TEMPLATE', 'json', or a Go template 'TEMPLATE'",
      },
      { long: 'quiet', short: 'q', kind: 'bool', description: 'Only show context names' },
    ],
    args: { min: 0, max: 0 },
    loadLocal: () => import('./ls.ts'),
  },
  {
    paths: ['context rm'],
    aliases: ['context remove'],
    usage: 'CONTEXT [CONTEXT...]',
    summary: 'Remove one or more contexts',
    examples: ['pier context rm lab'],
    flags: [{ long: 'force', short: 'f', kind: 'bool', description: 'Force the removal of a context in use' }],
    args: { min: 1 },
    completes: 'context',
    loadLocal: () => import('./rm.ts'),
  },
  {
    paths: ['context show'],
    usage: '',
    summary: 'Print the name of the current context',
    examples: ['pier context show'],
    flags: [],
    args: { min: 0, max: 0 },
    loadLocal: () => import('./show.ts'),
  },
  {
    paths: ['context update'],
    usage: '[OPTIONS] CONTEXT',
    summary: 'Update a context',
    examples: ['pier context update lab --description "the machine in the cellar"'],
    flags: [DESCRIPTION, ENDPOINT],
    args: { min: 1, max: 1 },
    completes: 'context',
    loadLocal: () => import('./update.ts'),
  },
  {
    paths: ['context use'],
    usage: 'CONTEXT',
    summary: 'Set the current context',
    description: "Set the current context, for Docker's client as well where the two share a configuration directory",
    examples: ['pier context use lab', 'pier context use default'],
    flags: [],
    args: { min: 1, max: 1 },
    completes: 'context',
    loadLocal: () => import('./use.ts'),
  },
];
