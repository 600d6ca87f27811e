import { CommandError } from '../command-error.ts';
import { GoCallError } from './go-call-error.ts';
import { HEADER_FUNCTIONS } from './go-functions.ts';
import { compileGoTemplate } from './go-template.ts';
import { GoTemplateError } from './go-template-error.ts';
import { encodeGoJson, encodeGoString, escapeHtml, formatGoValue, GoStruct, sortedKeys } from './go-value.ts';
import { layOutColumns } from './tab-writer.ts';
import type { GoTemplate } from './go-template.ts';
import type { GoMap, GoMethod, GoValue } from './go-value.ts';

/** What a listing shows and how, unless asked otherwise. */
export interface TableSpec {
  /** Go's name of the row type, which error texts show: `*formatter.ContainerContext`. */
  readonly typeName: string;
  /** Column headers by field; every field of a row has one, possibly empty. */
  readonly headers: Readonly<Record<string, string>>;
  /** The format of a plain `table`: `table {{.ID}}\t{{.Names}}`. */
  readonly table: string;
  /** The format of `raw`, for listings that have it. */
  readonly raw?: string;
  /** Rows have a method `Label`. */
  readonly hasLabels?: boolean;
}

/** One line of a listing: the values of its fields. */
export interface Row {
  readonly fields: GoMap;
  /** Methods that take arguments, such as `Label`; they are not in `{{json .}}`. */
  readonly methods?: Readonly<Record<string, GoMethod>>;
}

/**
 * Formats a listing as `docker --format` does.
 *
 * @param format `''` and `table` for the default columns, `table TEMPLATE`, `json` for one JSON object a line, `raw`, or a
 * template that is run for each row. `\t` and `\n` in it stand for tab and line feed.
 * @returns Lines that end in line feeds; nothing if a format without header meets no rows.
 * @throws {CommandError} For a template that cannot be read or run, in Docker's words.
 */
export function formatRows(spec: TableSpec, format: string, rows: readonly Row[]): string {
  const { isTable, text } = expandFormat(spec, format);
  const template = compileFormat(text);
  let body = '';
  for (const row of rows) body += `${runFormat(template, rowStruct(spec, row))}\n`;
  return isTable ? layOutColumns(`${headerLine(spec, text)}\n${body}`) : body;
}

/**
 * Runs a format once over a value of any type, as the listings do that show several kinds of rows.
 *
 * @param format A template; `\\t` and `\\n` in it stand for tab and line feed.
 * @throws {CommandError} For a template that cannot be read or run, in Docker's words.
 */
export function formatValue(format: string, value: GoStruct): string {
  const template = compileFormat(unescapeFormat(format));
  try {
    return template.run(value);
  } catch (error) {
    if (!(error instanceof GoTemplateError)) throw error;
    throw new CommandError(error.message, 1, { cause: error });
  }
}

/** A row as templates see it. */
export function rowStruct(spec: TableSpec, row: Row): GoStruct {
  const fields = new Map<string, GoValue>([...Object.entries(row.fields), ...Object.entries(row.methods ?? {})]);
  return new GoStruct(spec.typeName, fields, () => rowJson(row.fields));
}

/**
 * Tells which fields a format asks for, so that a listing fetches only what is shown.
 *
 * @throws {CommandError} For a template that cannot be read or run, in the words of `docker ps`.
 */
export function fieldsOfFormat(spec: TableSpec, format: string): ReadonlySet<string> {
  const used = new Set<string>();
  const names = Object.keys(spec.headers);
  const fields = names.map((name): [string, GoValue] => [
    name,
    (...args) => {
      if (args.length > 0) throw new GoCallError(`wrong number of args for ${name}: want 0 got ${args.length}`);
      used.add(name);
      return '';
    },
  ]);
  if (spec.hasLabels) fields.push(['Label', labelMethod(() => '')]);
  const probe = new GoStruct(spec.typeName, new Map(fields), () => {
    for (const name of names) used.add(name);
    return '{}';
  });
  try {
    compileGoTemplate(format).run(probe);
  } catch (error) {
    if (!(error instanceof GoTemplateError)) throw error;
    throw new CommandError(`failed to ${error.stage === 'parse' ? 'parse' : 'execute'} template: ${error.message}`, 1, { cause: error });
  }
  return used;
}

/**
 * A row's method `Label`, with Go's complaint about missing arguments.
 *
 * @param labelOf Gives the value of a label, empty if it is not set.
 */
export function labelMethod(labelOf: (name: string) => string): GoMethod {
  return (...args) => {
    const [name] = args;
    if (args.length !== 1) throw new GoCallError(`wrong number of args for Label: want 1 got ${args.length}`);
    return labelOf(formatGoValue(name));
  };
}

interface ExpandedFormat {
  readonly isTable: boolean;
  readonly text: string;
}

function expandFormat(spec: TableSpec, format: string): ExpandedFormat {
  const named = format === '' || format === 'table' ? spec.table : format === 'raw' && spec.raw !== undefined ? spec.raw : format;
  const isTable = named.startsWith('table');
  const text = unescapeFormat(isTable ? named.slice('table'.length) : named);
  return { isTable, text: named === 'json' ? '{{json .}}' : text };
}

function unescapeFormat(format: string): string {
  return format
    .replace(/^ +| +$/g, '')
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n');
}

function compileFormat(text: string): GoTemplate {
  try {
    return compileGoTemplate(text);
  } catch (error) {
    throw templateFailure(error);
  }
}

function runFormat(template: GoTemplate, row: GoStruct): string {
  try {
    return template.run(row);
  } catch (error) {
    throw templateFailure(error);
  }
}

function templateFailure(error: unknown): unknown {
  if (!(error instanceof GoTemplateError)) return error;
  return new CommandError(`template parsing error: ${error.message}`, 1, { cause: error });
}

/** The names of the columns: the template once more, over names in place of values. What it cannot run it leaves out. */
function headerLine(spec: TableSpec, text: string): string {
  const labels = new Map<string, GoValue>([['Label', labelMethod(labelHeader)]]);
  const data = new GoStruct('header', new Map([...Object.entries(spec.headers), ...(spec.hasLabels ? labels : [])]), () => '');
  try {
    return compileGoTemplate(text, HEADER_FUNCTIONS).run(data);
  } catch (error) {
    if (error instanceof GoTemplateError) return '';
    throw error;
  }
}

/** The last part of a label's name, as words: `com.example.foo-bar` is `foo bar`. */
function labelHeader(name: string): string {
  return (name.split('.').at(-1) ?? '').replaceAll(/[-_]/g, ' ');
}

/** Docker's rows write their own JSON, with HTML's characters escaped and the fields sorted. */
function rowJson(fields: GoMap): string {
  const members = sortedKeys(fields).map((key) => `${encodeGoString(key)}:${encodeGoJson(fields[key])}`);
  return escapeHtml(`{${members.join(',')}}`);
}
