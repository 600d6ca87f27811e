import type { Digest } from '../base/digest.ts';
import { failpoint } from '../base/failpoint.ts';
import type { Database } from '../store/index.ts';
import type { CatalogEdit, ImageCatalog } from './image-catalog.ts';
import type { LoadedImage } from './image-service.ts';
import type { Image } from './image.ts';
import { familiarOf } from './reference.ts';

/** An image that is ready for its row. */
export interface PreparedImage {
  readonly image: Image;
  /** Full references to give it. */
  readonly names: readonly string[];
  /** As the archive says; not yet believed. */
  readonly parentId: Digest | undefined;
}

/**
 * Writes the rows of images whose blobs and layers are stored, all in one transaction.
 *
 * @param name Begins the names of the failpoints: `image.load`.
 */
export async function recordImages(
  { catalog, database }: { readonly catalog: ImageCatalog; readonly database: Database },
  prepared: readonly PreparedImage[],
  name: string,
): Promise<readonly LoadedImage[]> {
  const committed = catalog.change((edit) => {
    const added = prepared.map(({ image, names }) => addImage(edit, image, names));
    for (const { image, parentId } of prepared) {
      const parent = prepared.find((other) => other.image.id === parentId)?.image;
      if (parent !== undefined && isMadeFrom(image, parent)) edit.setParent(image.id, parent.id);
    }
    return added;
  });
  failpoint(`${name}.committed`);
  await database.flush();
  failpoint(`${name}.flushed`);
  return committed.flatMap(({ id, references, renamed }) => {
    const image = catalog.get(id);
    return image === undefined ? [] : [{ image, references, renamed }];
  });
}

function addImage(
  edit: CatalogEdit,
  image: Image,
  names: readonly string[],
): Pick<LoadedImage, 'references' | 'renamed'> & { readonly id: Digest } {
  edit.add(image);
  const renamed: { reference: string; previousId: Digest }[] = [];
  for (const full of names) {
    if (full.includes('@')) edit.addDigestReference(full, image.id);
    else {
      const previousId = edit.tag(full, image.id);
      if (previousId !== undefined) renamed.push({ reference: familiarOf(full), previousId });
    }
  }
  return { id: image.id, references: names.map(familiarOf), renamed };
}

/** Tells whether an image is one step on from another: no cycle of parents comes of such. */
function isMadeFrom(image: Image, parent: Image): boolean {
  const isPrefix = parent.diffIds.every((diffId, i) => diffId === image.diffIds[i]);
  const hasSteps = parent.history.every((entry, i) => JSON.stringify(entry) === JSON.stringify(image.history[i]));
  return isPrefix && hasSteps && image.history.length === parent.history.length + 1;
}
