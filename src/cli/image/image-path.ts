/**
 * The API's path of an image.
 *
 * @param action What follows the name: `/json`.
 */
export function imagePath(name: string, action: string = ''): string {
  // Slashes belong to names and are not escaped; colons and at signs need not be.
  return `/images/${encodeURIComponent(name).replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%40', '@')}${action}`;
}
