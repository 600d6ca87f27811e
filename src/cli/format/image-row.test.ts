import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatGoValue } from './go-value.ts';
import { imageRows } from './image-row.ts';
import type { ImageSummary } from '../../wire/index.ts';

const DIGEST = `sha256:${'d'.repeat(64)}`;
const IMAGE: ImageSummary = {
  Id: `sha256:${'1'.repeat(64)}`,
  ParentId: '',
  RepoTags: ['alpine:3', 'host:5000/x/y:v1'],
  RepoDigests: [`alpine@${DIGEST}`, `other@${DIGEST}`],
  Created: 1,
  Size: 7_797_760,
  SharedSize: -1,
  Labels: null,
  Containers: -1,
};

function names(image: ImageSummary, showsDigests: boolean): readonly string[] {
  const rows = imageRows(image, { isTruncated: true, showsDigests, needsDigest: showsDigests });
  return rows.map(({ fields }) => [fields['Repository'], fields['Tag'], fields['Digest']].map(formatGoValue).join(' '));
}

it('imageRows() makes a row for each tag, and for digests of repositories without one', () => {
  assert.deepEqual(names(IMAGE, false), ['alpine 3 <none>', 'host:5000/x/y v1 <none>', 'other <none> ']);
});

it('imageRows() shows digests beside the tags of their repository', () => {
  assert.deepEqual(names(IMAGE, true), [`alpine 3 ${DIGEST}`, 'host:5000/x/y v1 <none>', `other <none> ${DIGEST}`]);
});

it('imageRows() shows an image without names', () => {
  assert.deepEqual(names({ ...IMAGE, RepoTags: ['<none>:<none>'], RepoDigests: null }, false), ['<none> <none> <none>']);
});
