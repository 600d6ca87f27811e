import { CommandError } from '../command-error.ts';
import { describeError } from '../describe-error.ts';
import { printError } from '../print-error.ts';
import { printObject } from '../format/inspect.ts';
import { encodeGoJson, GoStruct } from '../format/go-value.ts';
import { listOf, shape, toStruct } from '../format/shape.ts';
import { clientStruct, describeClient } from './client-version.ts';
import { alignFields } from './align-fields.ts';
import type { ComponentVersion, SystemVersion } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';
import type { GoValue } from '../format/go-value.ts';
import type { ClientVersion } from './client-version.ts';

const SERVER_SHAPE = shape(
  '*types.Version',
  ['Platform', shape('struct { Name string }', 'Name')],
  ['Components~', listOf(shape('types.ComponentVersion', 'Name', 'Version', 'Details:m~'))],
  'Version',
  'APIVersion=ApiVersion',
  'MinAPIVersion~',
  'GitCommit',
  'GoVersion',
  'Os',
  'Arch',
  'KernelVersion~',
  'Experimental:b~',
  'BuildTime~',
);

/** Runs `pier version`. Without a daemon it shows what it can and exits with 1. */
export async function run({ flags, client, settings }: CommandContext): Promise<number> {
  let server: SystemVersion | undefined;
  let failure: unknown;
  try {
    server = withReadableDates(await client.json<SystemVersion>({ method: 'GET', path: '/version' }));
  } catch (error) {
    failure = error;
  }
  const self = describeClient(client.apiVersion, settings.contextName);
  const format = flags.string('format');
  if (format === '') process.stdout.write(clientText(self) + serverText(server));
  else if (failure === undefined) printObject(versionStruct(self, server), format, 'version');
  else printWithoutServer(versionStruct(self, undefined), format);
  if (failure === undefined) return 0;
  await printError(describeError(failure));
  return 1;
}

/** A template may well ask for the daemon's version: that there is no daemon is then the better message. */
function printWithoutServer(struct: GoStruct, format: string): void {
  try {
    printObject(struct, format, 'version');
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== 1) throw error;
  }
}

/** The engine's build time in the format of C's asctime, as Docker shows it. */
function withReadableDates(server: SystemVersion): SystemVersion {
  const Components = server.Components?.map((component) => {
    const built = new Date(component.Details?.['BuildTime'] ?? '');
    if (component.Name !== 'Engine' || Number.isNaN(built.getTime())) return component;
    const [, day = '', date = '', month = '', year = '', time = ''] = /^(\w+), (\d+) (\w+) (\d+) (\S+)/.exec(built.toUTCString()) ?? [];
    const BuildTime = `${day} ${month} ${String(Number(date)).padStart(2)} ${time} ${year}`;
    return { ...component, Details: { ...component.Details, BuildTime } };
  });
  return { ...server, Components };
}

function versionStruct(self: ClientVersion, server: SystemVersion | undefined): GoStruct {
  const client = clientStruct(self);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- decoded JSON is a GoValue by construction
  const serverStruct = server === undefined ? null : toStruct(server as unknown as GoValue, SERVER_SHAPE);
  const fields = new Map<string, GoValue>([
    ['Client', client],
    ['Server', serverStruct],
  ]);
  return new GoStruct('system.versionInfo', fields, () => `{"Client":${client.json()},"Server":${encodeGoJson(serverStruct)}}`);
}

function clientText(self: ClientVersion): string {
  const fields: [string, string][] = [
    ['Version', self.Version],
    [
      'API version',
      self.ApiVersion === self.DefaultAPIVersion ? self.ApiVersion : `${self.ApiVersion} (downgraded from ${self.DefaultAPIVersion})`,
    ],
    ['Node version', process.version],
    ['OS/Arch', `${self.Os}/${self.Arch}`],
    ['Context', self.Context],
  ];
  return `Client:\n${alignFields(fields, 1)}`;
}

function serverText(server: SystemVersion | undefined): string {
  if (server === undefined) return '';
  const platform = server.Platform?.Name ?? '';
  const components = server.Components?.length > 0 ? server.Components : [engineOf(server)];
  return `\nServer:${platform === '' ? '' : ` ${platform}`}\n${components.map(componentText).join('')}`;
}

/** Servers older than API 1.35 do not list their parts. */
function engineOf({ Version, ApiVersion, MinAPIVersion, GoVersion, GitCommit, BuildTime, Os, Arch }: SystemVersion): ComponentVersion {
  return {
    Name: 'Engine',
    Version,
    Details: { ApiVersion, MinAPIVersion, GoVersion, GitCommit, BuildTime, Os, Arch, Experimental: 'false' },
  };
}

function componentText({ Name: name, Version: version, Details: details }: ComponentVersion): string {
  if (name !== 'Engine') {
    const rest = Object.entries(details ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return ` ${name}:\n${alignFields([['Version', version], ...rest], 2)}`;
  }
  const fields: [string, string][] = [
    ['Version', version],
    ['API version', `${details['ApiVersion']} (minimum version ${details['MinAPIVersion']})`],
    ['Go version', details['GoVersion'] ?? ''],
    ['Git commit', details['GitCommit'] ?? ''],
    ['Built', details['BuildTime'] ?? ''],
    ['OS/Arch', `${details['Os']}/${details['Arch']}`],
    ['Experimental', details['Experimental'] ?? 'false'],
  ];
  // pier's own daemon has no Go in it and leaves such details out.
  const shown = fields.filter(([label, value]) => value !== '' || label === 'Version');
  return ` Engine:\n${alignFields(shown, 2)}`;
}
