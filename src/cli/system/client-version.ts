import { arch, platform } from 'node:process';
import { PIER_VERSION } from '../../base/version.ts';
import { API_VERSION } from '../../client/index.ts';
import { shape, toStruct } from '../format/shape.ts';
import type { GoStruct } from '../format/go-value.ts';

/** What this program says of itself, in the fields of Docker's client. */
export interface ClientVersion {
  readonly Version: string;
  /** The API version in use. */
  readonly ApiVersion: string;
  readonly DefaultAPIVersion: string;
  readonly GitCommit: string;
  /** Docker's field for its compiler; here the runtime. */
  readonly GoVersion: string;
  readonly Os: string;
  readonly Arch: string;
  readonly BuildTime: string;
  readonly Context: string;
}

const CLIENT_SHAPE = shape(
  'system.clientVersion',
  'Platform:a~',
  'Version~',
  'APIVersion=ApiVersion~',
  'DefaultAPIVersion~',
  'GitCommit~',
  'GoVersion~',
  'Os~',
  'Arch~',
  'BuildTime~',
  'Context',
);

/** Go's names for the processors that Node names otherwise. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/**
 * Describes this program.
 *
 * @param apiVersion The API version agreed on with the daemon.
 * @param context The name of the context in use.
 */
export function describeClient(apiVersion: string, context: string): ClientVersion {
  return {
    Version: PIER_VERSION,
    ApiVersion: apiVersion,
    DefaultAPIVersion: API_VERSION,
    GitCommit: '',
    GoVersion: `node ${process.version}`,
    Os: platform,
    Arch: GO_ARCHITECTURES[arch] ?? arch,
    BuildTime: '',
    Context: context,
  };
}

/** The same for templates. */
export function clientStruct(version: ClientVersion): GoStruct {
  return toStruct({ ...version }, CLIENT_SHAPE);
}
