import { printError } from '../print-error.ts';
import { CommandError } from '../command-error.ts';
import { compileGoTemplate } from './go-template.ts';
import { GoTemplateError } from './go-template-error.ts';
import { encodeGoJson, escapeHtml } from './go-value.ts';
import { toStruct } from './shape.ts';
import type { GoTemplate } from './go-template.ts';
import type { GoValue } from './go-value.ts';
import type { Shape } from './shape.ts';

/** What an object's inspect answered, and the Go struct that templates see in it. */
export interface Inspected {
  readonly value: unknown;
  readonly shape: Shape;
  /** The client made it itself: no daemon's JSON is behind it to fall back to, and Go writes it with HTML's characters escaped. */
  readonly isOurs?: boolean;
}

/** Exit code of a template that cannot be read. */
const BAD_TEMPLATE_EXIT_CODE = 64;

/**
 * Runs an inspect command: fetches each object, prints what was found, then what went wrong.
 *
 * @param format Empty for indented JSON, `json` for one line of it, or a template that is run for each object.
 * @param describe Gives the text of a failed fetch.
 * @returns The exit code: 1 if anything went wrong.
 * @throws {CommandError} If the template cannot be read.
 */
export async function inspectAll(
  names: readonly string[],
  format: string,
  fetchOne: (name: string) => Promise<Inspected>,
  describe: (error: unknown) => string,
): Promise<number> {
  const inspector = format === '' || format === 'json' ? new JsonInspector(format === '') : new TemplateInspector(format);
  const errors: string[] = [];
  for (const name of names) {
    try {
      inspector.add(await fetchOne(name));
    } catch (error) {
      errors.push(error instanceof GoTemplateError ? `template parsing error: ${error.message}` : describe(error));
    }
  }
  process.stdout.write(inspector.output());
  await printError(errors.join('\n'));
  return errors.length > 0 ? 1 : 0;
}

/** All objects as one JSON array. */
class JsonInspector {
  readonly #isIndented: boolean;
  readonly #values: unknown[] = [];
  #escapesHtml = false;

  constructor(isIndented: boolean) {
    this.#isIndented = isIndented;
  }

  add({ value, isOurs = false }: Inspected): void {
    this.#escapesHtml ||= isOurs;
    this.#values.push(value);
  }

  output(): string {
    const text = `${JSON.stringify(this.#values, null, this.#isIndented ? 4 : 0)}\n`;
    return this.#escapesHtml ? escapeHtml(text) : text;
  }
}

/** A template for each object: over the Go struct and, if that has not what the template asks for, over the JSON. */
class TemplateInspector {
  readonly #template: GoTemplate;
  #output = '';

  constructor(format: string) {
    this.#template = compileFormat(format);
  }

  add({ value, shape, isOurs = false }: Inspected): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- decoded JSON is a GoValue by construction
    const data = value as GoValue;
    let text: string;
    try {
      text = this.#template.run(toStruct(data, shape));
    } catch (error) {
      if (!(error instanceof GoTemplateError) || isOurs) throw error;
      text = this.#template.run(data, { missingKey: 'error' });
    }
    this.#output += `${text}\n`;
  }

  output(): string {
    return this.#output === '' ? '\n' : this.#output;
  }
}

function compileFormat(format: string): GoTemplate {
  try {
    return compileGoTemplate(format);
  } catch (error) {
    if (!(error instanceof GoTemplateError)) throw error;
    throw new CommandError(`template parsing error: ${error.message}`, BAD_TEMPLATE_EXIT_CODE, { cause: error });
  }
}

/**
 * Prints one object by a template, or as JSON for `json`. What a template printed before it failed is printed too, as Docker does.
 *
 * @param templateName How Go's messages call the template; Docker names some.
 * @throws {CommandError} If the template cannot be read or run.
 */
export function printObject(value: GoValue, format: string, templateName: string = ''): void {
  try {
    process.stdout.write(`${format === 'json' ? encodeGoJson(value) : compileGoTemplate(format).run(value)}\n`);
  } catch (error) {
    if (!(error instanceof GoTemplateError)) throw error;
    const message = error.message
      .replace('template: :', `template: ${templateName}:`)
      .replace('executing ""', `executing "${templateName}"`);
    if (error.stage === 'parse') throw new CommandError(`template parsing error: ${message}`, BAD_TEMPLATE_EXIT_CODE, { cause: error });
    process.stdout.write(`${error.output}\n`);
    throw new CommandError(message, 1, { cause: error });
  }
}
