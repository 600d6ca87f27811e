/**
 * Starts containers at once, but each after those that it needs.
 *
 * @param ids What to start, each once.
 * @param needsOf What one needs; it waits only for those that are started here, too.
 * @param start Never rejects.
 */
export function startInOrder(
  ids: readonly string[],
  needsOf: (id: string) => readonly string[],
  start: (id: string) => Promise<void>,
): void {
  const wanted = new Set(ids);
  const starts = new Map<string, Promise<void>>();
  const startOnce = (id: string): Promise<void> => {
    const known = starts.get(id);
    if (known !== undefined) return known;
    const needs = needsOf(id).filter((need) => wanted.has(need));
    // Ids are made after what they need, so this comes to an end.
    const begun = needs.length === 0 ? start(id) : Promise.all(needs.map(startOnce)).then(() => start(id));
    starts.set(id, begun);
    return begun;
  };
  for (const id of wanted) void startOnce(id);
}
