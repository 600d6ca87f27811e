import { readFile } from 'node:fs/promises';
import { CommandError } from './command-error.ts';

/**
 * Joins what files and flags set, files first. A name without `=` stands for our own variable of that name, and is left out
 * if we have none.
 *
 * @throws {CommandError} If a file cannot be read, or a name has spaces.
 */
export async function readEnvironment(files: readonly string[], flags: readonly string[]): Promise<string[]> {
  const items = [...(await readLines(files)), ...flags];
  return items.flatMap((item) => {
    if (item.includes('=')) return [item];
    const value = process.env[item];
    return value === undefined ? [] : [`${item}=${value}`];
  });
}

/** Joins the labels of files and flags, files first. A name without `=` has an empty value. */
export async function readLabels(files: readonly string[], flags: readonly string[]): Promise<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const item of [...(await readLines(files)), ...flags]) {
    const split = item.indexOf('=');
    if (split === -1) labels[item] = '';
    else labels[item.slice(0, split)] = item.slice(split + 1);
  }
  return labels;
}

async function readLines(files: readonly string[]): Promise<string[]> {
  const items: string[] = [];
  for (const file of files) {
    for (const raw of (await read(file)).split('\n')) {
      const line = raw.replace(/\r$/, '').trimStart();
      if (line === '' || line.startsWith('#')) continue;
      const [name = ''] = line.split('=', 1);
      if (name === '') throw new CommandError(`invalid env file (${file}): no variable name on line '${line}'`, 125, { hint: true });
      if (/\s/.test(name))
        throw new CommandError(`invalid env file (${file}): variable '${name}' contains whitespaces`, 125, { hint: true });
      items.push(line);
    }
  }
  return items;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CommandError(`open ${file}: no such file or directory`, 125, { hint: true, cause: error });
  }
}
