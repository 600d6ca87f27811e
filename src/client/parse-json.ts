/**
 * Reads JSON from the daemon as the shape that the API's description promises. It is not checked: this client reads what it
 * needs and lives with what newer daemons add.
 *
 * @throws {SyntaxError} If it is not JSON.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says what the API promises
export function parseJson<T>(text: string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where an answer gets its type
  return JSON.parse(text) as T;
}
