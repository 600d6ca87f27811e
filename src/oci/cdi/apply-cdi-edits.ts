import { lstatSync, statSync } from 'node:fs';
import { PierError } from '../../base/errors.ts';
import { deviceNodeAt } from '../host-facts.ts';
import type { RuntimeDevice, RuntimeDeviceRule, RuntimeHook, RuntimeMount, RuntimeSpec } from '../runtime-spec.ts';
import type { CdiDeviceNode, CdiEdits, CdiHook, CdiMount } from './cdi-spec.ts';

const DEFAULT_MODE = 0o666;

/**
 * A config.json with what devices need.
 *
 * @throws {PierError} `InvalidArgument`, reason `cdi.no-host-device`, facts `{ path }`.
 */
export function applyCdiEdits(config: RuntimeSpec, edits: readonly CdiEdits[]): RuntimeSpec {
  return edits.reduce(applyOne, config);
}

function applyOne(config: RuntimeSpec, edits: CdiEdits): RuntimeSpec {
  const { process, linux } = config;
  const nodes = (edits.deviceNodes ?? []).map((node) => toDevice(node, process.user));
  const paths = new Set(nodes.map(({ device }) => device.path));
  const targets = new Set((edits.mounts ?? []).map(({ containerPath }) => containerPath));
  const names = new Set((edits.env ?? []).map(nameOf));
  return {
    ...config,
    process: {
      ...process,
      env: [...process.env.filter((text) => !names.has(nameOf(text))), ...(edits.env ?? [])],
      user: { ...process.user, additionalGids: withGroups(process.user.additionalGids ?? [], edits.additionalGids ?? []) },
    },
    mounts: [...config.mounts.filter(({ destination }) => !targets.has(destination)), ...(edits.mounts ?? []).map(toMount)],
    hooks: withHooks(config.hooks ?? {}, edits.hooks ?? []),
    linux: {
      ...linux,
      devices: [...(linux.devices ?? []).filter(({ path }) => !paths.has(path)), ...nodes.map(({ device }) => device)],
      resources: { ...linux.resources, devices: [...(linux.resources.devices ?? []), ...nodes.map(({ rule }) => rule)] },
    },
  };
}

function nameOf(text: string): string {
  return text.split('=', 1)[0] ?? '';
}

function withGroups(own: readonly number[], more: readonly number[]): readonly number[] {
  return [...own, ...more.filter((gid) => gid !== 0 && !own.includes(gid))];
}

function toMount({ hostPath, containerPath, type = '', options = [] }: CdiMount): RuntimeMount {
  const isBind = type === '' || type === 'bind';
  const hasBind = options.includes('bind') || options.includes('rbind');
  return {
    destination: containerPath,
    type: isBind ? 'bind' : type,
    source: hostPath,
    options: isBind && !hasBind ? ['rbind', ...options] : options,
  };
}

function withHooks(hooks: NonNullable<RuntimeSpec['hooks']>, more: readonly CdiHook[]): NonNullable<RuntimeSpec['hooks']> {
  const all: Record<string, readonly RuntimeHook[]> = { ...hooks };
  for (const { hookName, path, args, env, timeout } of more) {
    const hook = { path, ...(args && { args }), ...(env && { env }), ...(timeout === undefined ? {} : { timeout }) };
    all[hookName] = [...(all[hookName] ?? []), hook];
  }
  return all;
}

function toDevice(
  node: CdiDeviceNode,
  user: { readonly uid: number; readonly gid: number },
): { readonly device: RuntimeDevice; readonly rule: RuntimeDeviceRule } {
  const found = node.type !== undefined && node.major !== undefined ? undefined : hostDevice(node.hostPath ?? node.path);
  const type = node.type ?? found?.type ?? 'c';
  if (type !== 'b' && type !== 'c' && type !== 'u') throw noHostDevice(node.path);
  const kind = type === 'b' ? 'b' : 'c';
  const major = node.major ?? found?.major ?? 0;
  const minor = node.major === undefined ? (found?.minor ?? 0) : (node.minor ?? 0);
  return {
    // A user who is not root shall be able to use what is there for the process.
    device: {
      path: node.path,
      type: kind,
      major,
      minor,
      fileMode: node.fileMode ?? DEFAULT_MODE,
      uid: node.uid ?? user.uid,
      gid: node.gid ?? user.gid,
    },
    rule: { allow: true, type: kind, major, minor, access: node.permissions || 'rwm' },
  };
}

function hostDevice(path: string): RuntimeDevice {
  try {
    const device = deviceNodeAt(path, lstatSync(path).isSymbolicLink() ? statSync(path) : lstatSync(path));
    if (device !== undefined) return device;
  } catch (error) {
    throw noHostDevice(path, error);
  }
  throw noHostDevice(path);
}

function noHostDevice(path: string, cause?: unknown): PierError {
  return new PierError('InvalidArgument', `Cannot give device "${path}" to a container: the host has none`, {
    cause,
    reason: 'cdi.no-host-device',
    facts: { path },
  });
}
