import { ellipsis, shortId } from './ellipsis.ts';
import { quoteGo } from './go-printf.ts';
import { compareGoStrings } from './go-value.ts';
import { ago } from './human-duration.ts';
import { humanSize } from './human-size.ts';
import { goTimeString } from './local-time.ts';
import { displayPorts } from './ports.ts';
import { labelMethod } from './table.ts';
import type { ContainerSummary } from '../../wire/index.ts';
import type { Row, TableSpec } from './table.ts';

/** Characters of a command that tables show. */
const COMMAND_LENGTH = 20;

/** Characters of a mount's name that tables show. */
const MOUNT_LENGTH = 15;

/** The fields of `docker ps` rows and the table they make. */
export const CONTAINER_TABLE: TableSpec = {
  typeName: '*formatter.ContainerContext',
  hasLabels: true,
  table: 'table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}',
  raw:
    'container_id: {{.ID}}\nimage: {{.Image}}\ncommand: {{.Command}}\ncreated_at: {{.CreatedAt}}\nstate: {{- pad .State 1 0}}\n' +
    'status: {{- pad .Status 1 0}}\nnames: {{.Names}}\nlabels: {{- pad .Labels 1 0}}\nports: {{- pad .Ports 1 0}}\n',
  headers: {
    ID: 'CONTAINER ID',
    Names: 'NAMES',
    Image: 'IMAGE',
    Command: 'COMMAND',
    CreatedAt: 'CREATED AT',
    RunningFor: 'CREATED',
    Ports: 'PORTS',
    State: 'STATE',
    Status: 'STATUS',
    Size: 'SIZE',
    Labels: 'LABELS',
    Mounts: 'MOUNTS',
    LocalVolumes: 'LOCAL VOLUMES',
    Networks: 'NETWORKS',
    Platform: 'PLATFORM',
  },
};

/** The default table of `docker ps --size`. */
export const CONTAINER_TABLE_WITH_SIZE: TableSpec = {
  ...CONTAINER_TABLE,
  table: `${CONTAINER_TABLE.table}\t{{.Size}}`,
  raw: `${CONTAINER_TABLE.raw}size: {{.Size}}\n`,
};

/**
 * A container as a row of `docker ps`.
 *
 * @param isTruncated Ids, commands and names of mounts are shortened.
 */
export function containerRow(container: ContainerSummary, isTruncated: boolean): Row {
  const { Labels: labels, Mounts: mounts } = container;
  const command = isTruncated ? ellipsis(container.Command, COMMAND_LENGTH) : container.Command;
  return {
    fields: {
      ID: isTruncated ? shortId(container.Id) : container.Id,
      Names: displayNames(container.Names, isTruncated),
      Image: displayImage(container, isTruncated),
      Command: quoteGo(command),
      CreatedAt: goTimeString(container.Created),
      RunningFor: ago(container.Created),
      Ports: displayPorts(container.Ports ?? []),
      State: container.State,
      Status: container.Status,
      Size: displaySize(container),
      Labels: Object.entries(labels ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .toSorted(compareGoStrings)
        .join(','),
      Mounts: (mounts ?? [])
        .map((mount) => (isTruncated ? ellipsis(mount.Name || mount.Source, MOUNT_LENGTH) : mount.Name || mount.Source))
        .join(','),
      LocalVolumes: String((mounts ?? []).filter((mount) => mount.Driver === 'local').length),
      Networks: Object.keys(container.NetworkSettings?.Networks ?? {})
        .toSorted(compareGoStrings)
        .join(','),
      Platform: null,
    },
    methods: { Label: labelMethod((name) => labels?.[name] ?? '') },
  };
}

/** The container's own name; those that come from links to it have a second slash. */
function displayNames(names: readonly string[], isTruncated: boolean): string {
  const stripped = names.map((name) => name.replace(/^\//, ''));
  const own = isTruncated ? stripped.find((name) => !name.includes('/')) : undefined;
  return own ?? stripped.join(',');
}

/** Without the digest where a short form will do. */
function displayImage({ Image: image, ImageID: imageId }: ContainerSummary, isTruncated: boolean): string {
  if (image === '') return '<no image>';
  if (!isTruncated) return image;
  if (shortId(imageId) === shortId(image)) return shortId(imageId);
  return /^[^@]+(?=@sha256:[0-9a-f]{64}$)/.exec(image)?.[0] ?? image;
}

function displaySize({ SizeRw: sizeRw = 0, SizeRootFs: sizeRootFs = 0 }: ContainerSummary): string {
  const own = humanSize(sizeRw, 3);
  return sizeRootFs > 0 ? `${own} (virtual ${humanSize(sizeRootFs, 3)})` : own;
}
