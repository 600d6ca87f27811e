/**
 * Making an image of a container's layer.
 *
 * Order: mark, freeze, pack, thaw, mark gone; then the image's own order (content, row). A crash while the container is frozen
 * leaves the mark, and the next engine lets the container go on.
 *
 * @module
 */
import { finished } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { PierError, hasCode } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import {
  EMPTY_RUN_CONFIG,
  applyChanges,
  familiarOf,
  formatReference,
  mergeRunConfig,
  parseReference,
  withDefaultTag,
} from '../image/index.ts';
import { PLACEHOLDERS } from './mount-points.ts';
import type { Digest } from '../base/digest.ts';
import type { Image, ImageRunConfig } from '../image/index.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';
import type { ContainerLifeCycle } from './container-life-cycle.ts';
import type { CommitOptions } from './container-service.ts';

/** See `ContainerService.commit`. */
export async function commitContainer(
  context: ContainerContext,
  lifeCycle: ContainerLifeCycle,
  ref: string,
  options: CommitOptions,
): Promise<Digest> {
  const container = context.index.get(ref);
  refuseUnlessWhole(container);
  const own = runConfigOf(context, container);
  const base = options.config === undefined ? own : { ...EMPTY_RUN_CONFIG, ...options.config };
  const runConfig = mergeRunConfig(applyChanges(base, options.changes ?? []), own);
  const describe = {
    parentId: container.imageId,
    author: options.author ?? '',
    message: options.message ?? '',
    runConfig,
    madeFrom: { containerId: container.id, runConfig: own, hostname: container.hostname },
    createdBy: (own.command ?? []).join(' '),
    ...(options.reference === undefined ? {} : { reference: options.reference }),
  };
  context.images.checkCommit(describe);
  const layer = context.layers.packChanges(container.id, PLACEHOLDERS);
  const isRunning = container.state.status === 'running';
  const isFrozen = isRunning && options.pause !== false && (await freeze(context, lifeCycle, container.id));
  const thawed = isFrozen ? thawAfter(context, lifeCycle, container.id, layer) : Promise.resolve();
  let image: Image;
  try {
    failpoint('container.commit.frozen');
    image = await context.images.commit(layer, describe);
  } finally {
    layer.destroy();
    await thawed;
  }
  context.emit({
    action: 'commit',
    container: context.index.byId(container.id) ?? container,
    attributes: { comment: describe.message, imageID: image.id, imageRef: options.reference === undefined ? '' : tagOf(options.reference) },
  });
  return image.id;
}

/** Lets a container go on that an engine froze for a commit which it did not live to finish. */
export async function thawLeftover(context: ContainerContext, lifeCycle: ContainerLifeCycle, id: string): Promise<void> {
  if (!context.index.get(id).state.isPausedForCommit) return;
  if (context.index.get(id).state.status === 'paused') await lifeCycle.unpause(id);
  context.index.updateState(id, { isPausedForCommit: false });
}

/** @returns Whether it is frozen now, and by this. */
async function freeze(context: ContainerContext, lifeCycle: ContainerLifeCycle, id: string): Promise<boolean> {
  // The mark is another commit's: should this one take it away, a crash would leave the container frozen.
  if (context.index.get(id).state.isPausedForCommit) return false;
  context.index.updateState(id, { isPausedForCommit: true });
  failpoint('container.commit.marked');
  try {
    await lifeCycle.pause(id);
  } catch (error) {
    context.index.updateState(id, { isPausedForCommit: false });
    // It has ended, or somebody else was faster: what is there is read as it is.
    if (hasCode(error, 'Conflict')) return false;
    throw error;
  }
  return true;
}

async function thawAfter(context: ContainerContext, lifeCycle: ContainerLifeCycle, id: string, layer: Readable): Promise<void> {
  // However it ends, the container goes on; the failure is the reader's to tell.
  await finished(layer, { writable: false }).catch(() => {});
  try {
    await lifeCycle.unpause(id);
    failpoint('container.commit.thawed');
  } catch (error) {
    // Killed or unpaused by somebody else, or gone.
    if (hasCode(error, 'Conflict') || hasCode(error, 'NotFound')) return;
    context.logger.error('a container that was paused for a commit could not be unpaused', { container: id, error });
  } finally {
    if (context.index.byId(id) !== undefined) context.index.updateState(id, { isPausedForCommit: false });
  }
}

/** As events name an image: with the tag that is meant where none is said. */
function tagOf(reference: string): string {
  return familiarOf(formatReference(withDefaultTag(parseReference(reference))));
}

function refuseUnlessWhole({ id, state: { status } }: Container): void {
  if (status !== 'dead' && status !== 'removing') return;
  throw new PierError('Conflict', `Cannot commit container "${id}": it is ${status}`, {
    reason: 'container.commit-unfit',
    facts: { id, status },
  });
}

/** A container's config as an image's: what it was made with, the image's defaults included. */
function runConfigOf({ images }: ContainerContext, container: Container): ImageRunConfig {
  const { argv, entrypointLength, spec } = container;
  const { runConfig } = images.get(container.imageId);
  const [entrypoint, command] = [argv.slice(0, entrypointLength), argv.slice(entrypointLength)];
  return {
    user: container.user,
    exposedPorts: runConfig.exposedPorts,
    env: container.env,
    entrypoint: entrypoint.length === 0 ? undefined : entrypoint,
    command: command.length === 0 ? undefined : command,
    volumes: runConfig.volumes,
    workingDir: container.workingDir,
    labels: container.labels,
    stopSignal: spec.stopSignal === '' ? runConfig.stopSignal : spec.stopSignal,
    healthcheck: container.healthcheck,
    shell: container.shell.length === 0 ? undefined : container.shell,
    onBuild: [],
  };
}
