import type { DeviceMappingConfig, DeviceRequestConfig, HostConfig, Loose } from '../../wire/index.ts';
import type { ContainerSpec } from '../backend.ts';
import { dockerError } from '../errors.ts';

/**
 * A request's devices and rules for devices.
 *
 * @throws {PierError} `InvalidArgument` in Docker's words.
 */
export function translateDevices(host: Loose<HostConfig>): Pick<ContainerSpec, 'devices' | 'deviceRules' | 'deviceRequests'> {
  return {
    devices: (host.Devices ?? []).map((device: Loose<DeviceMappingConfig>) => {
      const source = device.PathOnHost ?? '';
      const target = device.PathInContainer ?? '';
      const granted = device.CgroupPermissions || 'rwm';
      if (!/^[rwm]{1,3}$/.test(granted)) throw bad(`invalid device mode: ${granted}`);
      return { source, target: target === '' ? source : target, access: granted };
    }),
    deviceRequests: (host.DeviceRequests ?? []).map((request: Loose<DeviceRequestConfig>) => ({
      driver: request.Driver ?? '',
      count: request.Count ?? 0,
      deviceIds: request.DeviceIDs ?? undefined,
      capabilities: request.Capabilities?.map((list) => list ?? []) ?? undefined,
      options: request.Options ?? undefined,
    })),
    deviceRules: (host.DeviceCgroupRules ?? []).map(parseRule),
  };
}

function parseRule(text: string): ContainerSpec['deviceRules'][number] {
  const match = /^([acb]) ([0-9]{1,10}|\*):([0-9]{1,10}|\*) ([rwm]{1,3})$/.exec(text);
  if (match === null) throw bad(`invalid device cgroup rule format: '${text}'`);
  const [, type, major = '*', minor = '*', access = ''] = match;
  return {
    allow: true,
    ...(type === 'a' ? {} : { type: type === 'b' ? 'b' : 'c' }),
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  };
}

/** Requests for devices as inspect shows them. */
export function toDeviceRequests(requests: ContainerSpec['deviceRequests']): readonly DeviceRequestConfig[] | null {
  if (requests.length === 0) return null;
  return requests.map(({ driver, count, deviceIds, capabilities, options }) => ({
    Driver: driver,
    Count: count,
    DeviceIDs: deviceIds ?? null,
    Capabilities: capabilities ?? null,
    Options: options ?? null,
  }));
}

/** A rule as it was asked for. */
export function toRuleText({ type, major, minor, access }: ContainerSpec['deviceRules'][number]): string {
  return `${type ?? 'a'} ${major ?? '*'}:${minor ?? '*'} ${access}`;
}

function bad(text: string): Error {
  return dockerError('InvalidArgument', text);
}
