/**
 * Fails for every exported declaration of src/ without a doc comment.
 *
 * Re-exports and tests are exempt: the comment belongs where the thing is declared. A line of a comment must stand right
 * above the declaration (decorating comments of linters may stand between).
 */
import { globSync, readFileSync } from 'node:fs';

const DECLARATION = /^export (?:default )?(?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|interface|type|const|let) (\w+)/;

function undocumented(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    const name = DECLARATION.exec(line)?.[1];
    if (name === undefined || isDocumented(lines, index)) return [];
    return [`${path}:${index + 1} ${name}`];
  });
}

function isDocumented(lines: readonly string[], index: number): boolean {
  for (let above = index - 1; above >= 0; above--) {
    const line = lines[above]?.trim() ?? '';
    if (line.startsWith('// oxlint-')) continue;
    // An overload is documented by the first of them.
    if (DECLARATION.test(line) && line.endsWith(';')) continue;
    return line.endsWith('*/');
  }
  return false;
}

const missing = globSync('src/**/*.ts')
  .filter((path) => !/\.(test|contract)\.ts$/.test(path))
  .flatMap(undocumented);
for (const line of missing) console.error(`no doc comment: ${line}`);
if (missing.length > 0) process.exit(1);
