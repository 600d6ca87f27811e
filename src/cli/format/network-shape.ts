import { listOf, mapOf, shape } from './shape.ts';
import type { Shape } from './shape.ts';

/** The struct that `docker network inspect` gives to templates. */
export const NETWORK_SHAPE: Shape = shape(
  'network.Inspect',
  'Name',
  'ID=Id',
  'Created:t',
  'Scope',
  'Driver',
  'EnableIPv4:b',
  'EnableIPv6:b',
  [
    'IPAM',
    shape('network.IPAM', 'Driver', 'Options:m', [
      'Config',
      listOf(shape('network.IPAMConfig', 'Subnet~', 'IPRange~', 'Gateway~', 'AuxAddress=AuxiliaryAddresses:m~')),
    ]),
  ],
  'Internal:b',
  'Attachable:b',
  'Ingress:b',
  ['ConfigFrom', shape('network.ConfigReference', 'Network')],
  'ConfigOnly:b',
  ['Containers', mapOf(shape('network.EndpointResource', 'Name', 'EndpointID', 'MacAddress', 'IPv4Address', 'IPv6Address'))],
  'Options:m',
  'Labels:m',
  'Peers:l~',
  'Services:m~',
);
