/** A URL as it may be shown and logged. */
export function withoutPassword(url: URL): string {
  if (url.password === '') return url.href;
  const shown = new URL(url);
  shown.password = 'xxxxx';
  return shown.href;
}
