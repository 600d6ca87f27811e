import { formatPlatform, parsePlatform, platformMatches } from '../../base/platform.ts';
import type { Platform } from '../../base/platform.ts';
import type { Backend } from '../backend.ts';
import { dockerError } from '../errors.ts';
import type { ApiRequest } from '../request.ts';

/**
 * The query parameter `platform` as operations on images have it: JSON.
 *
 * @throws {PierError} `InvalidArgument` in Docker's words.
 */
export function platformOf(request: ApiRequest): Platform | undefined {
  const text = request.text('platform');
  return text === '' ? undefined : decodePlatform(text);
}

/** The query parameter `platforms`: JSON, once for each. @throws {PierError} `InvalidArgument` in Docker's words. */
export function platformsOf(request: ApiRequest): readonly Platform[] {
  return request.query.getAll('platforms').map(decodePlatform);
}

/** The query parameter `platform` as older operations have it: `linux/arm64`. @throws {PierError} `InvalidArgument` in Docker's words. */
export function typedPlatformOf(request: ApiRequest): Platform | undefined {
  const text = request.text('platform');
  return text === '' ? undefined : parsePlatform(text);
}

/**
 * Makes sure that an image is made for a platform, if one is asked for.
 *
 * @throws {PierError} As `ImageService.get`; `NotFound` in Docker's words.
 */
export function requirePlatform(backend: Backend, reference: string, wanted: Platform | undefined): void {
  if (wanted === undefined) return;
  const { platform } = backend.images.get(reference);
  if (platformMatches(wanted, platform)) return;
  throw dockerError(
    'NotFound',
    `image with reference ${reference} was found but its platform (${formatPlatform(platform)}) does not match the specified platform (${formatPlatform(wanted)})`,
  );
}

/** What to say of an image that does not run on this machine when nobody asked for its platform; nothing if it does, or is not there. */
export function foreignPlatformWarnings(backend: Backend, reference: string, host: Platform): readonly string[] {
  const platform = findPlatform(backend, reference);
  if (platform === undefined || platformMatches(host, platform)) return [];
  return [
    `The requested image's platform (${formatPlatform(platform)}) does not match the detected host platform (${formatPlatform(host)}) and no specific platform was requested`,
  ];
}

function findPlatform(backend: Backend, reference: string): Platform | undefined {
  try {
    return backend.images.get(reference).platform;
  } catch {
    return undefined;
  }
}

function decodePlatform(text: string): Platform {
  const value = parseObject(text);
  const member = (name: string): string => {
    const found = value[name] ?? '';
    if (typeof found !== 'string') throw dockerError('InvalidArgument', `failed to parse platform: ${name} is no string`);
    return found;
  };
  const platform = { os: member('os'), architecture: member('architecture'), variant: member('variant') };
  if (platform.os === '' || platform.architecture === '') {
    throw dockerError('InvalidArgument', 'both OS and Architecture must be provided');
  }
  return platform;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an object; what is in it is looked at one by one
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw dockerError('InvalidArgument', 'failed to parse platform: it is no JSON object');
}
