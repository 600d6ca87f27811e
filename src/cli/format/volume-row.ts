import { compareGoStrings } from './go-value.ts';
import { humanSize } from './human-size.ts';
import { labelMethod } from './table.ts';
import type { VolumeUsage } from '../../wire/index.ts';
import type { Row, TableSpec } from './table.ts';

const NOT_AVAILABLE = 'N/A';

/** The fields of `docker volume ls` rows and the table they make. */
export const VOLUME_TABLE: TableSpec = {
  typeName: '*formatter.volumeContext',
  hasLabels: true,
  table: 'table {{.Driver}}\t{{.Name}}',
  raw: 'name: {{.Name}}\ndriver: {{.Driver}}\n',
  headers: {
    Name: 'VOLUME NAME',
    Driver: 'DRIVER',
    Scope: 'SCOPE',
    Availability: 'AVAILABILITY',
    Mountpoint: 'MOUNTPOINT',
    Links: 'LINKS',
    Size: 'SIZE',
    Labels: 'LABELS',
    Group: 'GROUP',
    Status: 'STATUS',
  },
};

/** A volume as a row. */
export function volumeRow({ Name: name, Driver: driver, Scope: scope, Mountpoint: mountpoint, Labels, UsageData: data }: VolumeUsage): Row {
  const labels = Labels ?? {};
  return {
    fields: {
      Name: name,
      Driver: driver,
      Scope: scope,
      Mountpoint: mountpoint,
      Labels: Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .toSorted(compareGoStrings)
        .join(','),
      Links: data === undefined ? NOT_AVAILABLE : String(data.RefCount),
      Size: data === undefined ? NOT_AVAILABLE : humanSize(data.Size),
      // These belong to volumes of a cluster.
      Group: NOT_AVAILABLE,
      Status: NOT_AVAILABLE,
      Availability: NOT_AVAILABLE,
    },
    methods: { Label: labelMethod((key) => labels[key] ?? '') },
  };
}
