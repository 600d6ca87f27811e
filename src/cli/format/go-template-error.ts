/** A Go template that cannot be read or run. The message is Go's own: `template: :1:2: executing "" at <.Foo>: …`. */
export class GoTemplateError extends Error {
  /** Whether the text was wrong, or what it met while running. */
  readonly stage: 'parse' | 'run';
  /** What the template had printed before. */
  readonly output: string;

  constructor(stage: 'parse' | 'run', message: string, output: string = '') {
    super(message);
    this.name = 'GoTemplateError';
    this.stage = stage;
    this.output = output;
  }
}

/** Makes the error for template text that cannot be read, with the line of `offset`. */
export function syntaxError(text: string, offset: number, message: string): GoTemplateError {
  return new GoTemplateError('parse', `template: :${lineOf(text, offset)}: ${message}`);
}

/** The line, from 1, that holds an offset. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
