import type { NetworkContainer, NetworkInspect, NetworksPruneResponse } from '../../wire/index.ts';
import type { Backend, Network } from '../backend.ts';
import { sendJson } from '../respond.ts';
import type { HttpExchange, Route } from '../route.ts';

/** The networks that every engine has. */
export const NETWORK_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/networks', handle: list },
  {
    method: 'POST',
    path: '/networks/prune',
    // The three networks there are cannot be removed.
    handle: ({ response }) => sendJson(response, 200, { NetworksDeleted: null } satisfies NetworksPruneResponse),
  },
  { method: 'GET', path: '/networks/{id}', handle: inspect },
];

const FILTERS = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'];

function list({ backend, request, response }: HttpExchange): void {
  const filters = request.filters(FILTERS);
  const holds = (key: string, test: (term: string) => boolean): boolean => {
    const terms = filters.get(key);
    return terms === undefined || terms.length === 0 || terms.some(test);
  };
  const networks = backend.networks
    .list()
    .filter(
      (network) =>
        holds('name', (term) => network.name.includes(term)) &&
        holds('id', (term) => network.id.startsWith(term)) &&
        holds('driver', (term) => network.driver === term) &&
        holds('scope', (term) => term === 'local') &&
        holds('type', (term) => term === 'builtin') &&
        holds('label', () => false) &&
        holds('dangling', (term) => !isTrue(term)),
    );
  sendJson(
    response,
    200,
    networks.map((network) => toNetworkInspect(network, {})),
  );
}

function isTrue(term: string): boolean {
  return term === 'true' || term === '1';
}

function inspect({ backend, request, response }: HttpExchange): void {
  const network = backend.networks.get(request.param('id'));
  sendJson(response, 200, toNetworkInspect(network, containersOf(backend, network.id)));
}

function containersOf(backend: Backend, networkId: string): Record<string, NetworkContainer> {
  const found: Record<string, NetworkContainer> = {};
  for (const container of backend.containers.list()) {
    for (const endpoint of container.endpoints) {
      if (endpoint.networkId !== networkId) continue;
      found[container.id] = {
        Name: container.name,
        EndpointID: endpoint.endpointId,
        MacAddress: endpoint.macAddress,
        IPv4Address: `${endpoint.ipv4Address}/${endpoint.ipv4PrefixLength}`,
        IPv6Address: '',
      };
    }
  }
  return found;
}

function toNetworkInspect(network: Network, containers: Readonly<Record<string, NetworkContainer>>): NetworkInspect {
  const { ipv4Subnet: subnet, ipv4Gateway: gateway } = network;
  const config = subnet === undefined ? null : [{ Subnet: subnet, ...(gateway === undefined ? {} : { Gateway: gateway }) }];
  return {
    Name: network.name,
    Id: network.id,
    Created: network.createdAt,
    Scope: 'local',
    Driver: network.driver,
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config: network.driver === 'bridge' ? (config ?? []) : null },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: containers,
    Options: network.driver === 'bridge' ? bridgeOptions(network) : {},
    Labels: {},
  };
}

function bridgeOptions(network: Network): Record<string, string> {
  return {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': 'true',
    'com.docker.network.bridge.enable_ip_masquerade': 'true',
    ...(network.bridgeName === undefined ? {} : { 'com.docker.network.bridge.name': network.bridgeName }),
  };
}
