import { ellipsis } from '../format/ellipsis.ts';
import { formatRows } from '../format/table.ts';
import { ContextStore, DEFAULT_CONTEXT } from './context-store.ts';
import { DEFAULT_DESCRIPTION } from './endpoint.ts';
import type { LocalCommandContext } from '../command.ts';
import type { Row, TableSpec } from '../format/table.ts';

const CONTEXT_TABLE: TableSpec = {
  typeName: '*formatter.clientContextContext',
  table: 'table {{.Name}}{{if .Current}} *{{end}}\t{{.Description}}\t{{.DockerEndpoint}}\t{{.Error}}',
  headers: { Current: '', Name: 'NAME', Description: 'DESCRIPTION', DockerEndpoint: 'DOCKER ENDPOINT', Error: 'ERROR' },
};

/** Characters of an error that the table shows. */
const ERROR_LENGTH = 45;

/** Runs `pier context ls`. */
export async function run({ flags, settings }: LocalCommandContext): Promise<number> {
  const store = new ContextStore(settings.configDirectory);
  const current = settings.contextName;
  const row = (name: string, description: string, endpoint: string, error: string = ''): Row => ({
    fields: {
      Current: name === current,
      Name: name,
      Description: description,
      DockerEndpoint: endpoint,
      Error: ellipsis(error, ERROR_LENGTH),
    },
  });
  const rows = [
    row(DEFAULT_CONTEXT, DEFAULT_DESCRIPTION, settings.defaultEndpoint.host),
    ...store.list().map(({ Name, Metadata, Endpoints }) => row(Name, Metadata.Description ?? '', Endpoints['docker']?.Host ?? '')),
  ];
  // One that is chosen and not there is listed too, with what is wrong with it.
  if (current !== DEFAULT_CONTEXT && !store.exists(current)) rows.push(row(current, '', '', problemOf(current, store)));
  rows.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  if (flags.bool('quiet')) process.stdout.write(rows.map((each) => `${nameOf(each)}\n`).join(''));
  else process.stdout.write(formatRows(CONTEXT_TABLE, flags.string('format'), rows));
  if (process.env['DOCKER_HOST']) {
    process.stderr.write(
      'Warning: DOCKER_HOST environment variable overrides the active context. To use a context, either set the global --context flag, or unset DOCKER_HOST environment variable.\n',
    );
  }
  return 0;
}

function nameOf({ fields: { Name: name } }: Row): string {
  return typeof name === 'string' ? name : '';
}

function problemOf(name: string, store: ContextStore): string {
  try {
    store.get(name);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
