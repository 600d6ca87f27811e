import { normalize } from 'node:path/posix';
import type { BindMount } from '../backend.ts';
import { dockerError, notSupported } from '../errors.ts';

const PROPAGATIONS = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'] as const;

// What a word in a bind's mode is about; two about the same thing are a mistake. Labels and consistency change nothing here.
const KIND_OF_WORD: Readonly<Record<string, string>> = {
  ro: 'access',
  rw: 'access',
  z: 'label',
  Z: 'label',
  consistent: 'consistency',
  cached: 'consistency',
  delegated: 'consistency',
  ...Object.fromEntries(PROPAGATIONS.map((word) => [word, 'propagation'])),
};

/**
 * Docker's `-v /host:/container[:mode]`.
 *
 * @throws {PierError} `InvalidArgument` in Docker's words; `NotImplemented` for volumes, naming them.
 */
export function translateBind(text: string): BindMount {
  const parts = text.split(':');
  const [source = '', target = '', mode = ''] = parts;
  if (parts.length === 1) throw notSupported(`the anonymous volume ${JSON.stringify(text)} in HostConfig.Binds`);
  if (parts.length > 3 || source === '' || target === '') throw dockerError('InvalidArgument', `invalid volume specification: '${text}'`);
  if (!target.startsWith('/')) {
    throw dockerError(
      'InvalidArgument',
      `invalid volume specification: '${text}': invalid mount config for type "bind": invalid mount path: '${target}' mount path must be absolute`,
    );
  }
  const path = cleanPath(target);
  if (path === '/') {
    throw dockerError(
      'InvalidArgument',
      `invalid volume specification: '${text}': invalid mount config for type "bind": invalid specification: destination can't be '/'`,
    );
  }
  if (!source.startsWith('/')) refuseVolume(source);
  const words = modeWords(mode);
  return {
    source: cleanPath(source),
    target: path,
    isReadOnly: words.includes('ro'),
    createSource: true,
    propagation: PROPAGATIONS.find((word) => words.includes(word)) ?? 'rprivate',
    mode,
  };
}

/** A path without doubled slashes, dots and a slash at its end. */
export function cleanPath(path: string): string {
  const normal = normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

function modeWords(mode: string): readonly string[] {
  if (mode === '') return [];
  const words = mode.split(',');
  const kinds = words.map((word) => KIND_OF_WORD[word]);
  if (kinds.includes(undefined) || new Set(kinds).size < kinds.length) throw dockerError('InvalidArgument', `invalid mode: ${mode}`);
  return words;
}

function refuseVolume(name: string): never {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) throw notSupported(`the named volume ${JSON.stringify(name)} in HostConfig.Binds`);
  throw dockerError(
    'InvalidArgument',
    `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
  );
}
