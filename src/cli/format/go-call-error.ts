/** What a template function complains of; the evaluator adds the place and the function's name. */
export class GoCallError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'GoCallError';
  }
}
