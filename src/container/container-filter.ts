import type { Digest } from '../base/digest.ts';
import { hasCode } from '../base/errors.ts';
import { GoRegExp } from '../base/go-regexp/go-regexp.ts';
import { parseNs } from '../base/timestamp.ts';
import type { ImageService } from '../image/index.ts';
import type { Container } from './container.ts';
import type { ContainerFilter } from './container-service.ts';

/** Times are in UTC with trailing zeros dropped, so text order is not time order. */
function compareTimes(a: string, b: string): number {
  const difference = (parseNs(a) ?? 0n) - (parseNs(b) ?? 0n);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Makes a test out of a filter, so that what it names is looked up once. */
export function containerPredicate(
  filter: ContainerFilter,
  images: ImageService,
  get: (ref: string) => Container,
): (container: Container) => boolean {
  const tests: ((container: Container) => boolean)[] = [];
  const { ids, names, statuses, labels, notLabels, ancestors, before, since, exitCodes, until } = filter;
  if (ids !== undefined) tests.push(idTest(ids, get));
  if (names !== undefined) tests.push(nameTest(names));
  if (statuses !== undefined) tests.push(({ state }) => statuses.includes(state.status));
  if (labels !== undefined) tests.push((container) => labels.every((label) => hasLabel(container, label)));
  if (notLabels !== undefined) tests.push((container) => !notLabels.every((label) => hasLabel(container, label)));
  if (ancestors !== undefined) tests.push(ancestorTest(ancestors, images));
  if (exitCodes !== undefined)
    tests.push(({ state }) => state.finishedAt !== undefined && state.status !== 'running' && exitCodes.includes(state.exitCode));
  if (before !== undefined) tests.push(createdTest(get(before).createdAt, -1));
  if (since !== undefined) tests.push(createdTest(get(since).createdAt, 1));
  if (until !== undefined) tests.push(createdTest(until, -1));
  return (container) => tests.every((test) => test(container));
}

function createdTest(time: string, sign: -1 | 1): (container: Container) => boolean {
  return ({ createdAt }) => compareTimes(createdAt, time) === sign;
}

/** Only a prefix of one container's id matches; a name is none. */
function idTest(ids: readonly string[], get: (ref: string) => Container): (container: Container) => boolean {
  const wanted = new Set<string>();
  for (const prefix of ids) {
    try {
      const { id } = get(prefix);
      if (id.startsWith(prefix) && prefix !== '') wanted.add(id);
    } catch (error) {
      if (!hasCode(error, 'NotFound') && !hasCode(error, 'InvalidArgument')) throw error;
    }
  }
  return ({ id }) => wanted.has(id);
}

/** Names match by regular expression, anywhere, and in full whatever they are. What is no expression matches nothing else. */
function nameTest(names: readonly string[]): (container: Container) => boolean {
  const tests = names.map((name): ((text: string) => boolean) => {
    try {
      const pattern = new GoRegExp(name);
      return (text) => text === name || pattern.test(text);
    } catch {
      return (text) => text === name;
    }
  });
  // A pattern may be written with or without Docker's leading slash.
  return ({ name }) => tests.some((test) => test(name) || test(`/${name}`));
}

function hasLabel({ labels }: Container, wanted: string): boolean {
  const equals = wanted.indexOf('=');
  return equals === -1 ? Object.hasOwn(labels, wanted) : labels[wanted.slice(0, equals)] === wanted.slice(equals + 1);
}

function ancestorTest(ancestors: readonly string[], images: ImageService): (container: Container) => boolean {
  const wanted = new Set<Digest>();
  for (const reference of ancestors) {
    try {
      const { id, diffIds } = images.get(reference);
      wanted.add(id);
      // Images that stand on it begin with its layers.
      for (const image of images.list()) {
        if (diffIds.length > 0 && diffIds.every((diffId, index) => image.diffIds[index] === diffId)) wanted.add(image.id);
      }
    } catch (error) {
      if (!hasCode(error, 'NotFound') && !hasCode(error, 'InvalidArgument')) throw error;
    }
  }
  return ({ imageId }) => wanted.has(imageId);
}
