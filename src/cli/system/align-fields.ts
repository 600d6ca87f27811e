/** Where values begin, counted from the start of the line. */
const VALUE_COLUMN = 20;

/**
 * Lines of `label: value`, the values one below the other.
 *
 * @param indent Blanks before each label.
 */
export function alignFields(fields: readonly (readonly [label: string, value: string])[], indent: number): string {
  const width = Math.max(VALUE_COLUMN, ...fields.map(([label]) => indent + label.length + 2));
  return fields.map(([label, value]) => `${`${' '.repeat(indent)}${label}:`.padEnd(width)}${value}\n`).join('');
}
