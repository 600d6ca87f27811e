import { GO_FUNCTIONS } from './go-functions.ts';
import { parseTemplate } from './go-template-parse.ts';
import { runTemplate } from './go-template-run.ts';
import type { GoFunction } from './go-functions.ts';
import type { GoValue } from './go-value.ts';

/** How a template is run. */
export interface GoTemplateOptions {
  /**
   * What a field that a map does not hold gives: `<no value>`, or an error.
   *
   * @default {'no-value'}
   */
  readonly missingKey?: 'no-value' | 'error';
}

/** A template that has been read and can be run any number of times. */
export interface GoTemplate {
  /**
   * Runs the template.
   *
   * @param data What `.` and `$` are.
   * @throws {GoTemplateError} With Go's text for what it met.
   */
  readonly run: (data: GoValue, options?: GoTemplateOptions) => string;
}

/**
 * Reads a template in the language of Go's text/template, with the functions that Docker adds (`json`, `join`, …).
 *
 * @param functions What the template may call; Docker's set unless given.
 * @throws {GoTemplateError} With Go's text for what is wrong.
 */
export function compileGoTemplate(text: string, functions: Readonly<Record<string, GoFunction>> = GO_FUNCTIONS): GoTemplate {
  const tree = parseTemplate(text, (name) => Object.hasOwn(functions, name));
  return {
    run: (data, options) => runTemplate({ text, tree, functions, data, missingKey: options?.missingKey ?? 'no-value' }),
  };
}
