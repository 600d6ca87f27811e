import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CdiEdits, CdiSpec } from './cdi-spec.ts';

/** Devices by their full names: `vendor.com/class=name`. */
export interface CdiDevices {
  /** What each device needs, that for all of its kind first. */
  readonly edits: ReadonlyMap<string, readonly CdiEdits[]>;
  /** Files that cannot be used, and why. */
  readonly problems: readonly { readonly path: string; readonly error: unknown }[];
}

/**
 * Reads the files of devices as they are now.
 *
 * A device of a later folder wins over the same of an earlier one. Where two files of one folder have the same, nobody knows
 * which is meant, and there is none.
 *
 * @param directories Those that are not there have no devices.
 */
export async function readCdiDevices(directories: readonly string[]): Promise<CdiDevices> {
  const edits = new Map<string, readonly CdiEdits[]>();
  const problems: { readonly path: string; readonly error: unknown }[] = [];
  for (const directory of directories) {
    const seen = new Set<string>();
    for (const path of filesOf(directory)) {
      try {
        for (const [name, needs] of devicesOf(await readSpec(path))) {
          if (seen.has(name)) edits.delete(name);
          else edits.set(name, needs);
          seen.add(name);
        }
      } catch (error) {
        problems.push({ path, error });
      }
    }
  }
  return { edits, problems };
}

function filesOf(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => /\.(json|yaml)$/.test(name));
  return names.toSorted().map((name) => join(directory, name));
}

async function readSpec(path: string): Promise<CdiSpec> {
  const [text, { checkCdiSpec }] = [readFileSync(path, 'utf8'), await import('./cdi-spec.ts')];
  if (path.endsWith('.json')) return checkCdiSpec(JSON.parse(text));
  // Few machines have such files.
  const { parse } = await import('yaml');
  // As Go's reader takes it: 0660 is octal.
  return checkCdiSpec(parse(text, { version: '1.1' }));
}

function devicesOf({ kind, containerEdits = {}, devices }: CdiSpec): readonly (readonly [string, readonly CdiEdits[]])[] {
  return devices.map((device) => [`${kind}=${device.name}`, [containerEdits, device.containerEdits ?? {}]]);
}
