import type { Digest } from '../base/digest.ts';
import { parseNs } from '../base/timestamp.ts';
import type { ImageFilter } from './image-service.ts';
import type { Image } from './image.ts';
import { matchFamiliar } from './familiar-pattern.ts';

/**
 * Picks images out of a list; their order stays. Where the filter has name patterns, only the matching names are left on
 * what it returns.
 *
 * @param parents Ids of the images that others were made from.
 * @param find Finds the image that `before` and `since` name; throws where there is none.
 */
export function filterImages(
  images: readonly Image[],
  filter: ImageFilter,
  parents: ReadonlySet<Digest>,
  find: (reference: string) => Image,
): readonly Image[] {
  const tests = conditionsOf(filter, parents, find);
  const picked = images.filter((image) => tests.every((test) => test(image)));
  if (filter.references === undefined || filter.references.length === 0) return picked;
  const matches = matchFamiliar(filter.references);
  return picked
    .map((image) => ({ ...image, tags: image.tags.filter(matches), repoDigests: image.repoDigests.filter(matches) }))
    .filter(hasName);
}

function conditionsOf(
  filter: ImageFilter,
  parents: ReadonlySet<Digest>,
  find: (reference: string) => Image,
): readonly ((image: Image) => boolean)[] {
  const tests: ((image: Image) => boolean)[] = [];
  const { dangling, hidesIntermediate, labels = [], notLabels = [], before, since, until } = filter;
  if (dangling === true) tests.push((image) => image.tags.length === 0 && !parents.has(image.id));
  if (dangling === false) tests.push(hasName);
  if (hidesIntermediate === true) tests.push((image) => hasName(image) || !parents.has(image.id));
  if (labels.length > 0) tests.push((image) => hasLabels(image, labels));
  if (notLabels.length > 0) tests.push((image) => !hasLabels(image, notLabels));
  if (before !== undefined) {
    const limit = createdNs(find(before));
    tests.push((image) => createdNs(image) < limit);
  }
  if (since !== undefined) {
    const limit = createdNs(find(since));
    tests.push((image) => createdNs(image) > limit);
  }
  if (until !== undefined) {
    const limit = parseNs(until) ?? 0n;
    tests.push((image) => createdNs(image) <= limit);
  }
  return tests;
}

function hasName(image: Image): boolean {
  return image.tags.length + image.repoDigests.length > 0;
}

function createdNs(image: Image): bigint {
  return parseNs(image.createdAt) ?? 0n;
}

function hasLabels(image: Image, labels: readonly string[]): boolean {
  return labels.every((label) => {
    const equals = label.indexOf('=');
    const name = equals === -1 ? label : label.slice(0, equals);
    if (!Object.hasOwn(image.runConfig.labels, name)) return false;
    return equals === -1 || image.runConfig.labels[name] === label.slice(equals + 1);
  });
}
