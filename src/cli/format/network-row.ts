import { shortId } from './ellipsis.ts';
import { compareGoStrings } from './go-value.ts';
import { goTimeStringOf } from './local-time.ts';
import { labelMethod } from './table.ts';
import type { NetworkInspect } from '../../wire/index.ts';
import type { Row, TableSpec } from './table.ts';

/** The fields of `docker network ls` rows and the table they make. */
export const NETWORK_TABLE: TableSpec = {
  typeName: '*network.networkContext',
  hasLabels: true,
  table: 'table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}',
  raw: 'network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n',
  headers: {
    ID: 'NETWORK ID',
    Name: 'NAME',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    IPv4: 'IPV4',
    IPv6: 'IPV6',
    Internal: 'INTERNAL',
    Labels: 'LABELS',
    CreatedAt: 'CREATED AT',
  },
};

/**
 * A network as a row of `docker network ls`.
 *
 * @param isTruncated Ids are shortened.
 */
export function networkRow(network: NetworkInspect, isTruncated: boolean): Row {
  const labels = network.Labels ?? {};
  return {
    fields: {
      ID: isTruncated ? shortId(network.Id) : network.Id,
      Name: network.Name,
      Driver: network.Driver,
      Scope: network.Scope,
      IPv4: String(network.EnableIPv4),
      IPv6: String(network.EnableIPv6),
      Internal: String(network.Internal),
      Labels: Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .toSorted(compareGoStrings)
        .join(','),
      CreatedAt: goTimeStringOf(network.Created),
    },
    methods: { Label: labelMethod((name) => labels[name] ?? '') },
  };
}
