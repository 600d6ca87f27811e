/**
 * Checks responses against Docker's own description of its API.
 *
 * @module
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormatsModule from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { findDeviation } from './deviations.ts';
import { SHARED } from './images.ts';
import { isObject, toJsonSchema, type JsonObject } from './json-schema.ts';

/** A response as it went over the wire. */
export interface ObservedResponse {
  readonly method: string;
  /** With version and query, as the client sent it. */
  readonly url: string;
  readonly status: number;
  /** Lower-case, without parameters. */
  readonly contentType: string;
  /** The body, chunked encoding taken off; `undefined` where it was not kept (streams of bytes). */
  readonly body: Buffer | undefined;
}

interface Operation {
  readonly pattern: RegExp;
  readonly template: string;
  readonly method: string;
  readonly responses: JsonObject;
}

interface Description {
  readonly version: string;
  readonly operations: readonly Operation[];
  readonly ajv: Ajv;
  readonly validators: Map<string, ValidateFunction>;
}

const FILES = { '1.41': 'docker-engine-api-v1.41.yaml', '1.44': 'docker-engine-api-v1.44.yaml', '1.56': 'docker-engine-api.yaml' } as const;
type DescribedVersion = keyof typeof FILES;

/** Endpoints that upgrade to another protocol and that the descriptions leave out or cannot describe. */
const UNDESCRIBED = [/^\/grpc$/, /^\/session$/];

/** Endpoints whose body is any number of JSON documents, one after the other, each of the described shape. */
const JSON_STREAMS = new Set(['GET /events', 'GET /containers/{id}/stats', 'POST /images/create', 'POST /images/load', 'POST /build']);

const loaded = new Map<DescribedVersion, Description>();

/**
 * Checks one response: the path is described, the status is documented, the body has the documented shape.
 *
 * @returns What is wrong, one sentence each; empty when all is well or a known deviation of dockerd itself.
 */
export function checkResponse(response: ObservedResponse): string[] {
  const [, version, path = ''] = /^(?:\/v(\d+\.\d+))?([^?]*)/.exec(response.url) ?? [];
  if (UNDESCRIBED.some((pattern) => pattern.test(path))) return [];
  const description = descriptionOf(nearest(version));
  const { method } = response;
  const operation = description.operations.find((op) => op.method === method && op.pattern.test(path));
  const name = operation === undefined ? `${method} ${path}` : `${operation.method} ${operation.template}`;
  const say = (where: string, problem: string): string[] => {
    if (findDeviation({ operation: name, status: response.status, where, problem, description: description.version }) !== undefined)
      return [];
    const at = where === '' ? '' : ` at ${where}`;
    return [`${name} (v${version ?? 'none'}) → ${response.status}, against ${description.version}${at}: ${problem}`];
  };
  if (operation === undefined) {
    // pier's own, which Docker's description does not know.
    if (path.startsWith('/pier/')) return [];
    // Docker's answer to a path that it does not serve.
    if (response.status === 404) return [];
    return say('', 'the path is not described');
  }
  const documented = operation.responses[String(response.status)];
  if (documented === undefined) return say('', `the status is not documented (${Object.keys(operation.responses).join(', ')} are)`);
  const schema = isObject(documented) ? documented['schema'] : undefined;
  if (schema === undefined || response.body === undefined || response.method === 'HEAD') return [];
  return checkBody(description, `${name} ${response.status}`, JSON_STREAMS.has(name), schema, response).flatMap(([where, problem]) =>
    say(where, problem),
  );
}

function checkBody(
  description: Description,
  key: string,
  isStream: boolean,
  schema: unknown,
  response: ObservedResponse,
): (readonly [where: string, problem: string])[] {
  const type = isObject(schema) ? schema['type'] : undefined;
  if (type === 'string' || type === 'file' || (isObject(schema) && schema['format'] === 'binary')) return [];
  if (!/json/.test(response.contentType)) return [['', `the content type is "${response.contentType}", not JSON`]];
  const text = response.body?.toString() ?? '';
  let documents: unknown[];
  try {
    documents = isStream && response.status < 300 ? splitDocuments(text) : [JSON.parse(text)];
  } catch (error) {
    return [['', `the body is not JSON (${String(error)}): ${text.slice(0, 200)}`]];
  }
  let validate = description.validators.get(key);
  if (validate === undefined) {
    validate = description.ajv.compile(toJsonSchema(schema, `${description.version}#/definitions/`));
    description.validators.set(key, validate);
  }
  const problems = new Map<string, readonly [string, string]>();
  for (const document of documents) {
    if (validate(document)) continue;
    for (const error of withoutAlternatives(validate.errors ?? [])) {
      const where = error.instancePath.replaceAll(/\/\d+(?=\/|$)/g, '/*');
      const problem = `${error.message ?? error.keyword}${error.keyword === 'enum' ? ` (${JSON.stringify(error.params['allowedValues'])})` : ''}`;
      problems.set(`${where} ${problem}`, [
        where,
        `${problem}, found ${JSON.stringify(valueAt(document, error.instancePath))?.slice(0, 120)}`,
      ]);
    }
  }
  return [...problems.values()];
}

/** Leaves out what `x-nullable` adds to every real problem: that the value is not null either. */
function withoutAlternatives(errors: readonly ErrorObject[]): ErrorObject[] {
  return errors.filter((error) => error.keyword !== 'anyOf' && !(error.keyword === 'type' && error.params['type'] === 'null'));
}

function valueAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    value = Array.isArray(value) ? value[Number(key)] : isObject(value) ? value[key] : undefined;
  }
  return value;
}

/** JSON documents that follow each other with or without line feeds, as Go's encoder writes them. */
function splitDocuments(text: string): unknown[] {
  const lines = text.replaceAll(/\}\s*\{/g, '}\n{').split('\n');
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as unknown);
}

function nearest(version: string | undefined): DescribedVersion {
  if (version === undefined) return '1.56';
  const minor = Number(version.split('.')[1]);
  if (minor <= 41) return '1.41';
  return minor <= 44 ? '1.44' : '1.56';
}

function descriptionOf(version: DescribedVersion): Description {
  const known = loaded.get(version);
  if (known !== undefined) return known;
  const document = parse(readFileSync(join(SHARED.specs, FILES[version]), 'utf8'), { merge: true }) as JsonObject;
  const refBase = `${version}#/definitions/`;
  const definitions = Object.entries(document['definitions'] as JsonObject).map(([name, schema]) => [name, toJsonSchema(schema, refBase)]);
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
  addFormats(ajv);
  ajv.addSchema({ $id: version, definitions: Object.fromEntries(definitions) as JsonObject });
  const description = { version, operations: operationsOf(document), ajv, validators: new Map<string, ValidateFunction>() };
  loaded.set(version, description);
  return description;
}

function addFormats(ajv: Ajv): void {
  // The package is CommonJS: its function is the default export's own default.
  (addFormatsModule as unknown as { default: (ajv: Ajv) => void }).default(ajv);
  const integer = (min: number, max: number) => ({
    type: 'number' as const,
    validate: (n: number) => Number.isInteger(n) && n >= min && n <= max,
  });
  ajv.addFormat('uint8', integer(0, 2 ** 8 - 1));
  ajv.addFormat('uint16', integer(0, 2 ** 16 - 1));
  ajv.addFormat('uint32', integer(0, 2 ** 32 - 1));
  ajv.addFormat('uint64', integer(0, 2 ** 64));
  ajv.addFormat('int64', integer(-(2 ** 63), 2 ** 63));
  ajv.addFormat('int', integer(-(2 ** 63), 2 ** 63));
  ajv.addFormat('dateTime', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
  for (const free of ['ip-address', 'cidr', 'CIDR', 'json', 'binary', 'base64', 'password', 'uri']) ajv.addFormat(free, true);
}

function operationsOf(document: JsonObject): Operation[] {
  const operations = Object.entries(document['paths'] as Record<string, JsonObject>).flatMap(([template, methods]) =>
    Object.entries(methods)
      .filter(([method]) => ['get', 'head', 'put', 'post', 'delete', 'options'].includes(method))
      .map(([method, operation]): Operation => {
        const pattern = template.replaceAll(
          /\{[^}]+\}/g,
          template.startsWith('/images/') || template.startsWith('/distribution/') ? '.+' : '[^/]+',
        );
        const responses = (operation as JsonObject)['responses'] as JsonObject;
        return { pattern: new RegExp(`^${pattern}$`), template, method: method.toUpperCase(), responses };
      }),
  );
  // Fixed paths win over those with parameters: /containers/json is no container's name.
  return operations.toSorted((a, b) => Number(a.template.includes('{')) - Number(b.template.includes('{')));
}
