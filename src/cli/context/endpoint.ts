import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isErrno } from '../../base/errors.ts';
import { CommandError } from '../command-error.ts';
import { FlagError } from '../parse-flags.ts';
import { DEFAULT_CONTEXT, TLS_FILES } from './context-store.ts';
import type { ClientSettings } from '../config/client-settings.ts';
import type { ContextStore, Endpoint, StoredContext, TlsFiles } from './context-store.ts';

/** An endpoint with its TLS material, ready to be stored. */
export interface NewEndpoint {
  readonly endpoint: Endpoint;
  readonly tls: TlsFiles;
}

const BAD_TLS = 'invalid docker endpoint options: failed to retrieve context tls info';

const FILE_OF: Readonly<Record<string, string>> = { ca: TLS_FILES[0], cert: TLS_FILES[1], key: TLS_FILES[2] };

/** What there is to say of the default context. */
export const DEFAULT_DESCRIPTION = 'Current DOCKER_HOST based configuration';

/** What the default context is, as others would be stored. */
export function defaultContext(settings: ClientSettings): StoredContext {
  const { host, tls } = settings.defaultEndpoint;
  return {
    Name: DEFAULT_CONTEXT,
    Metadata: { Description: DEFAULT_DESCRIPTION },
    Endpoints: { docker: { Host: host, SkipTLSVerify: tls?.skipsVerification ?? false } },
  };
}

/** TLS material of the default context. */
export function defaultTlsFiles(settings: ClientSettings): TlsFiles {
  const { tls } = settings.defaultEndpoint;
  const files = new Map<string, Buffer>();
  for (const [part, file] of Object.entries(FILE_OF)) {
    const bytes = part === 'ca' ? tls?.ca : part === 'cert' ? tls?.cert : tls?.key;
    if (bytes !== undefined) files.set(file, bytes);
  }
  return files;
}

/** The endpoint of an existing context, the default one among them. @throws {CommandError} If there is no such context. */
export function endpointOf(name: string, store: ContextStore, settings: ClientSettings): NewEndpoint {
  const isDefault = name === DEFAULT_CONTEXT;
  const context = isDefault ? defaultContext(settings) : store.get(name);
  return {
    endpoint: context.Endpoints['docker'] ?? { SkipTLSVerify: false },
    tls: isDefault ? defaultTlsFiles(settings) : store.tlsFiles(name),
  };
}

/**
 * The endpoint that `--docker` describes.
 *
 * @param items The flag's values: `key=value` pairs separated by commas, in quotes where they hold one.
 * @throws {FlagError} For a pair without `=`.
 * @throws {CommandError} In Docker's words, for keys, addresses and files that are none.
 */
export function parseEndpoint(items: readonly string[], store: ContextStore, settings: ClientSettings): NewEndpoint {
  const options = new Map(items.flatMap(splitCommas).map(splitPair));
  for (const key of options.keys()) {
    if (!['from', 'host', 'ca', 'cert', 'key', 'skip-tls-verify'].includes(key)) throw failure(`unrecognized config key: ${key}`);
  }
  const from = options.get('from');
  if (from !== undefined && from !== '') return endpointOf(from, store, settings);
  const host = options.get('host') ?? '';
  const endpoint = { ...(host !== '' && { Host: host }), SkipTLSVerify: parseBool(options.get('skip-tls-verify') ?? '') };
  const tls = new Map<string, Buffer>();
  for (const [key, file] of Object.entries(FILE_OF)) {
    const path = options.get(key) ?? '';
    if (path !== '') tls.set(file, readMaterial(path));
  }
  checkHost(host);
  checkPair(tls);
  return { endpoint, tls };
}

function checkHost(host: string): void {
  if (host !== '' && !/^[^:/]+:\/\/./.test(host))
    throw failure(`unable to apply docker endpoint options: unable to parse docker host \`${host}\``);
}

/** A key must be one, and go with its certificate: better said now than at the first connection. */
function checkPair(tls: TlsFiles): void {
  const [cert, key] = [tls.get('cert.pem'), tls.get('key.pem')];
  if (cert === undefined || key === undefined) return;
  try {
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return;
  } catch (error) {
    throw failure(
      `${BAD_TLS}: the certificate or the private key cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  throw failure(`${BAD_TLS}: tls: private key does not match public key`);
}

function readMaterial(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw failure(`open ${path}: ${isErrno(error, 'ENOENT') ? 'no such file or directory' : String(error)}`);
  }
}

function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['', '0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw failure(`skip-tls-verify: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** One line of comma separated values; a value in double quotes may hold commas. */
function splitCommas(line: string): readonly string[] {
  return Array.from(line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g), ([, value = '']) =>
    value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value,
  ).slice(0, -1);
}

function splitPair(pair: string): [string, string] {
  const split = pair.indexOf('=');
  if (split === -1)
    throw new FlagError(`invalid argument ${JSON.stringify(pair)} for "--docker" flag: ${pair} must be formatted as key=value`);
  return [pair.slice(0, split), pair.slice(split + 1)];
}

function failure(problem: string): CommandError {
  return new CommandError(`unable to create docker endpoint config: ${problem}`);
}
