import { hostname } from 'node:os';
import { PierError } from '../../base/errors.ts';
import { badOption } from './option-values.ts';
import { extraAttributes } from './log-attributes.ts';
import type { Container } from '../container.ts';

/** How much of an id `.ID` and `.ImageID` show. The latter counts the algorithm's name, as Docker has it. */
const SHORT = 12;
/** A name that a tag may ask for, or one of the attributes that `labels` and `env` name. */
const FIELD = /^(?:\.(\w+)|\(\s*\.ExtraAttributes\s+nil\s*\)\.(\w+))$/;

/**
 * Fills in the option `tag`: text with Docker's fields in it, as in `{{.Name}}/{{.ID}}`.
 *
 * @throws {PierError} Reason `log.bad-option`, problems `tag-unclosed`, `tag-field` (with facts `{ field, column }`);
 * `NotImplemented`, reason `log.tag-unsupported` (facts `{ action }`), for what else Go's templates can do.
 */
export function logTag(template: string, container: Container): string {
  let text = '';
  let rest = template;
  for (let open = rest.indexOf('{{'); open !== -1; open = rest.indexOf('{{')) {
    const close = rest.indexOf('}}', open);
    if (close === -1) throw badOption('tag', 'tag-unclosed', template);
    const written = rest.slice(open + 2, close);
    const isTrimmedLeft = written.startsWith('- ');
    const isTrimmedRight = written.endsWith(' -');
    const action = written.replace(/^- /, '').replace(/ -$/, '').trim();
    const before = rest.slice(0, open);
    text += (isTrimmedLeft ? before.trimEnd() : before) + valueOf(action, template, container);
    const after = rest.slice(close + 2);
    rest = isTrimmedRight ? after.trimStart() : after;
  }
  return text + rest;
}

function valueOf(action: string, template: string, container: Container): string {
  const match = FIELD.exec(action);
  if (match === null) {
    throw new PierError('NotImplemented', `Cannot use log tag: "{{${action}}}" is more than a field`, {
      reason: 'log.tag-unsupported',
      facts: { action },
    });
  }
  const [, field = '', attribute] = match;
  // What a map has not is printed so.
  if (attribute !== undefined) return extraAttributes(container)[attribute] ?? '<no value>';
  const value = Object.hasOwn(FIELDS, field) ? FIELDS[field]?.(container) : undefined;
  if (value !== undefined) return value;
  throw new PierError('Internal', `Cannot use log tag "${template}": there is no field "${field}"`, {
    reason: 'log.bad-option',
    facts: { option: 'tag', problem: 'tag-field', value: template, field, column: String(template.indexOf(`.${field}`)) },
  });
}

const FIELDS: Readonly<Record<string, (container: Container) => string>> = {
  ID: ({ id }) => id.slice(0, SHORT),
  FullID: ({ id }) => id,
  Name: ({ name }) => name,
  ImageID: ({ imageId }) => imageId.slice(0, SHORT),
  ImageFullID: ({ imageId }) => imageId,
  ImageName: ({ spec }) => spec.image,
  Command: ({ argv }) => argv.join(' '),
  Hostname: () => hostname(),
  DaemonName: () => 'docker',
  ContainerID: ({ id }) => id,
  ContainerName: ({ name }) => `/${name}`,
  ContainerEntrypoint: ({ argv }) => argv[0] ?? '',
  ContainerArgs: ({ argv }) => list(argv.slice(1)),
  ContainerImageID: ({ imageId }) => imageId,
  ContainerImageName: ({ spec }) => spec.image,
  ContainerCreated: ({ createdAt }) => createdAt.replace('T', ' ').replace('Z', ' +0000 UTC'),
  ContainerEnv: ({ env }) => list(env),
  ContainerLabels: ({ labels }) => map(labels),
  LogPath: ({ logPath }) => logPath,
  Config: ({ spec }) => map(spec.logConfig.options),
};

function list(items: readonly string[]): string {
  return `[${items.join(' ')}]`;
}

function map(entries: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(entries).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[${pairs.map(([key, value]) => `${key}:${value}`).join(' ')}]`;
}
