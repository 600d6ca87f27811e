import type { EndpointSettings, NetworkSettings } from '../../wire/index.ts';
import type { Backend, Container } from '../backend.ts';

const NO_ENDPOINT: EndpointSettings = {
  IPAMConfig: null,
  Links: null,
  Aliases: null,
  MacAddress: '',
  DriverOpts: null,
  GwPriority: 0,
  NetworkID: '',
  EndpointID: '',
  Gateway: '',
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  DNSNames: null,
};

/** The networks a container is on, by name; one that it only will be on is there without addresses. */
export function toEndpoints(container: Container, networks: Backend['networks']): Readonly<Record<string, EndpointSettings>> {
  const { endpoints, spec, state } = container;
  // Docker looks the network up when the container starts for the first time.
  const known = state.startedAt === undefined ? undefined : networks.list().find(({ name }) => name === spec.networkMode);
  if (endpoints.length === 0) return { [spec.networkMode]: { ...NO_ENDPOINT, NetworkID: known?.id ?? '' } };
  return Object.fromEntries(
    endpoints.map((endpoint): [string, EndpointSettings] => [
      endpoint.networkName,
      {
        ...NO_ENDPOINT,
        MacAddress: endpoint.macAddress,
        NetworkID: endpoint.networkId,
        EndpointID: endpoint.endpointId,
        Gateway: endpoint.ipv4Gateway,
        IPAddress: endpoint.ipv4Address,
        IPPrefixLen: endpoint.ipv4PrefixLength,
      },
    ]),
  );
}

/** A container's networks as inspect shows them. The flat fields repeat the default bridge for old clients. */
export function toNetworkSettings(container: Container, networks: Backend['networks'], netns: string | undefined): NetworkSettings {
  const [first] = container.endpoints;
  return {
    Bridge: '',
    SandboxID: netns === undefined ? '' : container.id,
    SandboxKey: netns ?? '',
    Ports: {},
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: first?.endpointId ?? '',
    Gateway: first?.ipv4Gateway ?? '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: first?.ipv4Address ?? '',
    IPPrefixLen: first?.ipv4PrefixLength ?? 0,
    IPv6Gateway: '',
    MacAddress: first?.macAddress ?? '',
    Networks: toEndpoints(container, networks),
  };
}
