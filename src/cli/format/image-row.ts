import { shortId } from './ellipsis.ts';
import { ago } from './human-duration.ts';
import { humanSize } from './human-size.ts';
import { goTimeString } from './local-time.ts';
import type { ImageSummary } from '../../wire/index.ts';
import type { Row, TableSpec } from './table.ts';

const NONE = '<none>';

/** The fields of `docker images` rows and the table they make. */
export const IMAGE_TABLE: TableSpec = {
  typeName: '*formatter.imageContext',
  table: 'table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}',
  raw: 'repository: {{.Repository}}\ntag: {{.Tag}}\nimage_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n',
  headers: {
    ID: 'IMAGE ID',
    Repository: 'REPOSITORY',
    Tag: 'TAG',
    Digest: 'DIGEST',
    CreatedSince: 'CREATED',
    CreatedAt: 'CREATED AT',
    Size: 'SIZE',
    Containers: 'CONTAINERS',
    VirtualSize: 'SIZE',
    SharedSize: 'SHARED SIZE',
    UniqueSize: 'UNIQUE SIZE',
  },
};

/** The default table of `docker images --digests`. */
export const IMAGE_TABLE_WITH_DIGESTS: TableSpec = {
  ...IMAGE_TABLE,
  table: 'table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}',
  raw: 'repository: {{.Repository}}\ntag: {{.Tag}}\ndigest: {{.Digest}}\nimage_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n',
};

/** How images become rows. */
export interface ImageRowOptions {
  /** Ids are shortened. */
  readonly isTruncated: boolean;
  /** One row for each digest of a repository, `--digests`. */
  readonly showsDigests: boolean;
  /** The format names `.Digest`, so that tags get their digests. */
  readonly needsDigest: boolean;
}

/** An image as rows of `docker images`: one for each of its names. */
export function imageRows(image: ImageSummary, options: ImageRowOptions): readonly Row[] {
  return namesOf(image, options).map((name) => imageRow(image, name, options.isTruncated));
}

/** An image as one row, under the first of its tags. */
export function imageRowOnce(image: ImageSummary, isTruncated: boolean): Row {
  const tag = image.RepoTags?.[0] ?? '<none>:<none>';
  const split = tag.lastIndexOf(':');
  return imageRow(image, { repository: tag.slice(0, split), tag: tag.slice(split + 1), digest: '' }, isTruncated);
}

interface ImageName {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

function imageRow(image: ImageSummary, { repository, tag, digest }: ImageName, isTruncated: boolean): Row {
  const { SharedSize: shared, Containers: containers } = image;
  return {
    fields: {
      ID: isTruncated ? shortId(image.Id) : image.Id,
      Repository: repository,
      Tag: tag,
      Digest: digest,
      CreatedSince: ago(image.Created),
      CreatedAt: goTimeString(image.Created),
      Size: humanSize(image.Size, 3),
      Containers: containers === -1 ? 'N/A' : String(containers),
      VirtualSize: humanSize(image.Size),
      SharedSize: shared === -1 ? 'N/A' : humanSize(shared),
      UniqueSize: shared === -1 ? 'N/A' : humanSize(image.Size - shared),
    },
  };
}

function namesOf(image: ImageSummary, options: ImageRowOptions): readonly ImageName[] {
  const tags = groupByRepository(
    (image.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
    ':',
  );
  const digests = groupByRepository(
    (image.RepoDigests ?? []).filter((digest) => digest !== '<none>@<none>'),
    '@',
  );
  if (tags.size === 0 && digests.size === 0) return [{ repository: NONE, tag: NONE, digest: NONE }];
  const names: ImageName[] = [];
  for (const [repository, repositoryTags] of tags) {
    const shown = options.needsDigest ? (digests.get(repository) ?? []) : [];
    digests.delete(repository);
    for (const tag of repositoryTags) {
      for (const digest of shown.length === 0 ? [NONE] : shown) names.push({ repository, tag, digest });
    }
  }
  // What is left was pulled by digest and has no tag.
  for (const [repository, repositoryDigests] of digests) {
    const shown = options.showsDigests ? repositoryDigests : [''];
    for (const digest of shown) names.push({ repository, tag: NONE, digest });
  }
  return names;
}

/** Splits references at their last separator: `host:5000/name:tag`. */
function groupByRepository(references: readonly string[], separator: ':' | '@'): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const reference of references) {
    const at = separator === '@' ? reference.indexOf('@') : reference.lastIndexOf(':');
    const repository = reference.slice(0, at);
    const rest = reference.slice(at + 1);
    groups.set(repository, [...(groups.get(repository) ?? []), rest]);
  }
  return groups;
}
