import { readFile } from 'node:fs/promises';
import { CommandError } from './command-error.ts';
import { FlagError } from './parse-flags.ts';

/** Go's scanner, which Docker's client reads these files with, gives up on longer lines. */
const MAX_LINE_BYTES = 64 * 1024;
const BYTE_ORDER_MARK = '\u{feff}';
const ERROR_CODES: Readonly<Record<string, string>> = { EACCES: 'permission denied', ENOENT: 'no such file or directory' };

/**
 * Joins what files and flags set, files first. A name without `=` stands for our own variable of that name, and is left out
 * if we have none.
 *
 * @throws {CommandError} If a file cannot be read, or something has no name or one with spaces in it.
 */
export async function readEnvironment(files: readonly string[], flags: readonly string[]): Promise<string[]> {
  for (const item of flags) {
    if (/^(=|$)/.test(item)) {
      throw new FlagError(`invalid argument ${JSON.stringify(item)} for "-e, --env" flag: invalid environment variable: ${item}`);
    }
  }
  const items = [...(await readLines(files)), ...flags];
  return items.flatMap((item) => {
    if (item.includes('=')) return [item];
    const value = process.env[item];
    return value === undefined ? [] : [`${item}=${value}`];
  });
}

/**
 * Joins the labels of files and flags, files first. A name without `=` has an empty value on the command line, and does not
 * count in a file.
 *
 * @throws {CommandError} As {@linkcode readEnvironment}.
 */
export async function readLabels(files: readonly string[], flags: readonly string[]): Promise<Record<string, string>> {
  for (const item of flags) {
    const [name = ''] = item.split('=', 1);
    const problem = name === '' ? `invalid label '${item}': empty name` : /\s/.test(name) ? `label '${name}' contains whitespaces` : '';
    if (problem !== '') throw new FlagError(`invalid argument ${JSON.stringify(item)} for "-l, --label" flag: ${problem}`);
  }
  const labels: Record<string, string> = {};
  const fromFiles = (await readLines(files)).filter((line) => line.includes('='));
  for (const item of [...fromFiles, ...flags]) {
    const split = item.indexOf('=');
    if (split === -1) labels[item] = '';
    else labels[item.slice(0, split)] = item.slice(split + 1);
  }
  return labels;
}

/** What is wrong with a variable on the command line; `undefined` when nothing is. */
export function complaintAboutVariable(item: string): string | undefined {
  return item === '' || item.startsWith('=') ? `invalid environment variable: ${item}` : undefined;
}

async function readLines(files: readonly string[]): Promise<string[]> {
  const items: string[] = [];
  for (const file of files) {
    const fail = (problem: string): never => {
      throw new CommandError(`invalid env file (${file}): ${problem}`, 125, { hint: true });
    };
    for (const [index, raw] of splitLines(await read(file)).entries()) {
      if (raw.length >= MAX_LINE_BYTES) fail('bufio.Scanner: token too long');
      const text = decode(raw);
      if (text === undefined) return fail(`invalid utf8 bytes at line ${index + 1}: [${[...raw].join(' ')}]`);
      const line = (index === 0 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text).replace(/\r$/, '').trimStart();
      if (line === '' || line.startsWith('#')) continue;
      const [name = ''] = line.split('=', 1);
      if (name === '') fail(`no variable name on line '${line}'`);
      if (/\s/.test(name)) fail(`variable '${name}' contains whitespaces`);
      items.push(line);
    }
  }
  return items;
}

function splitLines(content: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < content.length;) {
    const end = content.indexOf('\n', start);
    lines.push(content.subarray(start, end === -1 ? content.length : end));
    start = end === -1 ? content.length : end + 1;
  }
  return lines;
}

/** @returns `undefined` if the bytes are not UTF-8. */
function decode(line: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
  } catch {
    return undefined;
  }
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const message =
      code === 'EISDIR' ? `invalid env file (${file}): read ${file}: is a directory` : `open ${file}: ${ERROR_CODES[code] ?? code}`;
    throw new CommandError(message, 125, { hint: true, cause: error });
  }
}
