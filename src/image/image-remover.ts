import type { Digest } from '../base/digest.ts';
import { PierError } from '../base/errors.ts';
import { shortId } from '../base/ids.ts';
import type { CatalogEdit, ImageCatalog } from './image-catalog.ts';
import { findImage, isIdOf, nameKey } from './image-finder.ts';
import type { ImageUsersLookup, RemovedItem } from './image-service.ts';
import type { Image } from './image.ts';
import { familiarOf, parseReference, repositoryOf, withDefaultTag } from './reference.ts';

/** Something that a removal did, for events. */
export interface Removal {
  readonly action: 'untag' | 'delete';
  readonly image: Image;
  readonly item: RemovedItem;
}

/** How {@linkcode ImageRemover.remove} removes. */
export interface RemoveOptions {
  /** Take it from containers that do not run, and all its names at once. @default {false} */
  readonly force?: boolean;
  /** Keep the parents. @default {false} */
  readonly noPrune?: boolean;
}

/**
 * Docker's rules of rmi, as rows. Whether a container holds the image is asked inside the transaction, so none can come
 * in between.
 */
export class ImageRemover {
  readonly #catalog: ImageCatalog;
  readonly #usersOf: ImageUsersLookup;

  constructor(catalog: ImageCatalog, usersOf: ImageUsersLookup) {
    this.#catalog = catalog;
    this.#usersOf = usersOf;
  }

  /**
   * Removes a name, and the image with its last one; or, given an id, the image with all its names.
   *
   * @throws {PierError} As `ImageService.remove`.
   */
  remove(text: string, options: RemoveOptions = {}): readonly Removal[] {
    const image = findImage(this.#catalog, text);
    const isForced = options.force === true;
    return this.#catalog.change((edit) => {
      const removals = isIdOf(image, text) ? this.#removeById(edit, image, isForced) : this.#removeByName(edit, image, text, isForced);
      const isDeleted = removals.at(-1)?.action === 'delete';
      return isDeleted && options.noPrune !== true ? [...removals, ...this.#removeParents(edit, image)] : removals;
    });
  }

  /** Removes an image with all its names, and its parents, if nobody uses it; otherwise nothing at all. */
  removeIfUnused(id: Digest): readonly Removal[] {
    return this.#catalog.change((edit) => {
      const image = edit.get(id);
      if (image === undefined || this.#isNeeded(edit, image)) return [];
      return [...removeWhole(edit, image), ...this.#removeParents(edit, image)];
    });
  }

  /** Removes what an image was made from as far up as it has no name and nobody needs it. */
  #removeParents(edit: CatalogEdit, image: Image): readonly Removal[] {
    const removals: Removal[] = [];
    for (let { parentId } = image; parentId !== undefined;) {
      const parent = edit.get(parentId);
      if (parent === undefined || namesOf(parent).length > 0 || this.#isNeeded(edit, parent)) break;
      removals.push(...removeWhole(edit, parent));
      ({ parentId } = parent);
    }
    return removals;
  }

  #isNeeded(edit: CatalogEdit, image: Image): boolean {
    return edit.hasChildren(image.id) || this.#usersOf(image.id).length > 0;
  }

  #removeByName(edit: CatalogEdit, image: Image, text: string, isForced: boolean): readonly Removal[] {
    const user = this.#usersOf(image.id)[0];
    // Without its last name an image would dangle; while a container stands on it, that must be asked for.
    if (!isForced && isSingleName(image) && user !== undefined) throw inUse(text, image, user, 'name');

    const reference = withDefaultTag(parseReference(text));
    const removals = [untag(edit, image, nameKey(reference))];
    if (reference.digest === undefined) removals.push(...untagDigestsWithoutTag(edit, image, repositoryOf(reference)));
    const left = edit.get(image.id);
    if (left === undefined || namesOf(left).length > 0) return removals;
    // Here a user can only be when it was forced. What runs keeps its image, without a name; what has stopped does not.
    const isRunning = this.#usersOf(image.id).some((other) => other.isRunning);
    return isRunning || edit.hasChildren(image.id) ? removals : [...removals, ...removeWhole(edit, left)];
  }

  #removeById(edit: CatalogEdit, image: Image, isForced: boolean): readonly Removal[] {
    if (edit.hasChildren(image.id)) {
      throw new PierError('Conflict', `Cannot remove image "${shortId(image.id)}": others were made from it`, {
        reason: 'image.has-children',
        facts: { imageId: image.id },
      });
    }
    const users = this.#usersOf(image.id);
    const running = users.find((user) => user.isRunning);
    if (running !== undefined) throw inUse(image.id, image, running, 'id');
    if (!isForced) {
      if (namesOf(image).length > 0 && !isSingleName(image)) {
        throw new PierError('Conflict', `Cannot remove image "${shortId(image.id)}": it has several names`, {
          reason: 'image.several-tags',
          facts: { imageId: image.id },
        });
      }
      const [stopped] = users;
      if (stopped !== undefined) throw inUse(image.id, image, stopped, 'id');
    }
    return removeWhole(edit, image);
  }
}

function removeWhole(edit: CatalogEdit, image: Image): readonly Removal[] {
  const untagged = namesOf(image).map((name) => untag(edit, image, name));
  edit.remove(image.id);
  return [...untagged, { action: 'delete', image, item: { deleted: image.id } }];
}

function untag(edit: CatalogEdit, image: Image, full: string): Removal {
  edit.untag(full);
  return { action: 'untag', image, item: { untagged: familiarOf(full) } };
}

/** Digest names of a repository go with its last tag. */
function untagDigestsWithoutTag(edit: CatalogEdit, image: Image, repository: string): readonly Removal[] {
  const left = edit.get(image.id);
  if (left === undefined || left.tags.some((tag) => repositoryOf(parseReference(tag)) === repository)) return [];
  return left.repoDigests.filter((name) => name.startsWith(`${repository}@`)).map((name) => untag(edit, image, name));
}

function namesOf(image: Image): readonly string[] {
  return [...image.tags, ...image.repoDigests].toSorted();
}

/** One tag at most, and all names in one repository. */
function isSingleName(image: Image): boolean {
  const names = namesOf(image);
  if (names.length === 0 || image.tags.length > 1) return false;
  return new Set(names.map((name) => repositoryOf(parseReference(name)))).size === 1;
}

function inUse(
  reference: string,
  image: Image,
  user: { readonly containerId: string; readonly isRunning: boolean },
  by: 'name' | 'id',
): PierError {
  return new PierError('Conflict', `Cannot remove image "${reference}": container "${shortId(user.containerId)}" uses it`, {
    reason: 'image.in-use',
    facts: { reference, imageId: image.id, containerId: user.containerId, isRunning: String(user.isRunning), by },
  });
}
