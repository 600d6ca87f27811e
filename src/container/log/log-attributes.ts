import { setFlagsFromString } from 'node:v8';
import { PierError } from '../../base/errors.ts';
import type { Container } from '../container.ts';

/**
 * What the options `labels`, `labels-regex`, `env` and `env-regex` choose of a container's labels and variables, to
 * go with each line of its log.
 *
 * @param toKey Makes the names fit for where they go.
 * @throws {PierError} Reason `log.bad-option`, problem `regexp` (facts `{ detail }`).
 */
export function extraAttributes({ spec, labels, env }: Container, toKey: (name: string) => string = String): Record<string, string> {
  const { options } = spec.logConfig;
  const attributes: Record<string, string> = {};
  const choose = (values: Readonly<Record<string, string>>, names: string | undefined, option: string): void => {
    for (const name of names?.split(',') ?? []) {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value !== undefined) attributes[toKey(name)] = value;
    }
    const pattern = options[option] ?? '';
    if (pattern === '') return;
    const expression = linearExpression(option, pattern);
    for (const [name, value] of Object.entries(values)) if (expression.test(name)) attributes[toKey(name)] = value;
  };
  choose(labels, options['labels'], 'labels-regex');
  choose(variables(env), options['env'], 'env-regex');
  return attributes;
}

function variables(env: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    env.filter((item) => item.includes('=')).map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)]),
  );
}

/** V8's flag for an expression that never goes back. */
const LINEAR: string = 'l';

/**
 * An expression that takes time in proportion to the text, whatever it is: a client's may not hold up the engine. It
 * can do what Go's expressions can, which have no references back and do not look around either.
 */
function linearExpression(option: string, pattern: string): RegExp {
  setFlagsFromString('--enable-experimental-regexp-engine');
  try {
    return new RegExp(pattern, LINEAR);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new PierError('Internal', `Cannot use log option "${option}": ${detail}`, {
      cause: error,
      reason: 'log.bad-option',
      facts: { option, problem: 'regexp', value: pattern, detail },
    });
  }
}
