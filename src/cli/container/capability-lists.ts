/** What `--cap-add` and `--cap-drop` come to. */
export interface CapabilityLists {
  readonly CapAdd: readonly string[];
  readonly CapDrop: readonly string[];
}

/** Names as the kernel has them, each once and sorted. `ALL` stands for all others of its list; what is added is not dropped. */
export function capabilityLists(added: readonly string[], dropped: readonly string[]): CapabilityLists {
  const add = fullNames(added);
  return { CapAdd: [...add].toSorted(), CapDrop: [...fullNames(dropped)].filter((name) => !add.has(name)).toSorted() };
}

function fullNames(names: readonly string[]): ReadonlySet<string> {
  const upper = names.map((name) => name.trim().toUpperCase());
  if (upper.includes('ALL')) return new Set(['ALL']);
  return new Set(upper.map((name) => (name.startsWith('CAP_') ? name : `CAP_${name}`)));
}
