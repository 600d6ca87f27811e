import { describeError } from '../describe-error.ts';
import { printError } from '../print-error.ts';
import { printObject } from '../format/inspect.ts';
import { GoStruct } from '../format/go-value.ts';
import { clientStruct, describeClient } from './client-version.ts';
import { INFO_SHAPE } from './info-shape.ts';
import { toStruct } from '../format/shape.ts';
import { clientInfoText, serverInfoText } from './info-text.ts';
import type { SystemInfo } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';
import type { GoValue } from '../format/go-value.ts';
import type { ClientVersion } from './client-version.ts';

/** Runs `pier info`. */
export async function run({ flags, client, settings, debug }: CommandContext): Promise<number> {
  let info: SystemInfo | undefined;
  let failure: unknown;
  try {
    info = await client.json<SystemInfo>({ method: 'GET', path: '/info' });
  } catch (error) {
    failure = error;
  }
  const self = describeClient(client.apiVersion, settings.contextName);
  const format = flags.string('format');
  if (format === '') process.stdout.write(clientInfoText(self, debug) + serverInfoText(info));
  else if (info !== undefined) printObject(infoStruct(info, self, debug), format);
  else process.stdout.write('\n');
  if (info?.Warnings) process.stderr.write(info.Warnings.map((warning) => `${warning}\n`).join(''));
  if (failure === undefined) return 0;
  await printError(describeError(failure));
  return 1;
}

/** The daemon's answer and, beside its fields, `ClientInfo`. */
function infoStruct(info: SystemInfo, self: ClientVersion, debug: boolean): GoStruct {
  const version = clientStruct(self);
  const client = new GoStruct(
    'system.clientInfo',
    new Map<string, GoValue>([['Debug', debug], ...version.fields, ['Plugins', []], ['Warnings', null]]),
    () => `{"Debug":${debug},${version.json().slice(1, -1)},"Plugins":[],"Warnings":null}`,
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- decoded JSON is a GoValue by construction
  const server = toStruct(info as unknown as GoValue, INFO_SHAPE);
  return new GoStruct(
    'system.dockerInfo',
    new Map<string, GoValue>([
      ['Info', server],
      ['ClientInfo', client],
    ]),
    () => `{${JSON.stringify(info).slice(1, -1)},"ClientInfo":${client.json()}}`,
    ['Info'],
  );
}
