import { statSync } from 'node:fs';
import { PierError, isErrno } from '../base/errors.ts';
import { deviceNodeAt, readHostDevices } from './host-facts.ts';
import type { RuntimeDevice } from './runtime-spec.ts';

/** A device of the host, or a folder of devices, that a container shall have. */
export interface DeviceMapping {
  /** On the host; a symbolic link is followed. */
  readonly source: string;
  /** In the container. */
  readonly target: string;
  /** Out of `rwm`: read, write, make nodes of it. */
  readonly access: string;
}

/** A node to make, and what the container may do with it. */
export type MappedDevice = RuntimeDevice & { readonly access: string };

/**
 * Finds the devices that mappings name. What a folder holds is found now, so a device that is plugged in later is not there.
 *
 * @throws {PierError} `InvalidArgument`, reason `container.bad-device`, facts `{ path, detail }`.
 */
export function mapDevices(mappings: readonly DeviceMapping[]): readonly MappedDevice[] {
  return mappings.flatMap(({ source, target, access }) => {
    const { isDirectory, device } = look(source);
    if (device !== undefined) return [{ ...device, path: target, access }];
    if (!isDirectory) throw badDevice(source, 'not a device node');
    const found = readHostDevices(source);
    if (found.length === 0) throw badDevice(source, 'no such file or directory');
    return found.map((each) => ({ ...each, path: `${target}${each.path.slice(source.replace(/\/+$/, '').length)}`, access }));
  });
}

function look(path: string): { readonly isDirectory: boolean; readonly device: RuntimeDevice | undefined } {
  try {
    const stat = statSync(path);
    return { isDirectory: stat.isDirectory(), device: deviceNodeAt(path, stat) };
  } catch (error) {
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'ENOTDIR')) throw error;
    throw badDevice(path, 'no such file or directory', error);
  }
}

function badDevice(path: string, detail: string, cause?: unknown): PierError {
  return new PierError('InvalidArgument', `Cannot give device "${path}" to a container: ${detail}`, {
    cause,
    reason: 'container.bad-device',
    facts: { path, detail },
  });
}
