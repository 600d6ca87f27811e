import { PierError } from '../../base/errors.ts';
import { GoRegExp } from '../../base/go-regexp/go-regexp.ts';
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
    const expression = parseExpression(option, pattern);
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

function parseExpression(option: string, pattern: string): GoRegExp {
  try {
    return new GoRegExp(pattern);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new PierError('Internal', `Cannot use log option "${option}": ${detail}`, {
      cause: error,
      reason: 'log.bad-option',
      facts: { option, problem: 'regexp', value: pattern, detail },
    });
  }
}
