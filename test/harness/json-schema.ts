/** A JSON object of unknown shape. */
export type JsonObject = Record<string, unknown>;

/** Tells whether a value is a JSON object (not an array). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const COPIED = [
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'pattern',
  'required',
  'uniqueItems',
] as const;

/**
 * Translates a Swagger 2.0 schema into JSON Schema (draft 7).
 *
 * `x-nullable` becomes an alternative with `null`, also beside a `$ref`, whose siblings JSON Schema would ignore;
 * `readOnly`, examples and descriptions say nothing about a response and are dropped; a discriminator adds no rule of its own
 * (Docker's description uses it only to document alternatives that share one shape).
 *
 * @param schema Any part of the description that is a schema.
 * @param refBase What `#/definitions/` becomes.
 */
export function toJsonSchema(schema: unknown, refBase: string): JsonObject {
  if (!isObject(schema)) return {};
  const result = withoutNull(schema, refBase);
  if (schema['x-nullable'] !== true) return result;
  return { anyOf: [{ type: 'null' }, result] };
}

function withoutNull(schema: JsonObject, refBase: string): JsonObject {
  const ref = schema['$ref'];
  if (typeof ref === 'string') return { $ref: ref.replace('#/definitions/', refBase) };
  const result: JsonObject = {};
  for (const key of COPIED) if (schema[key] !== undefined) result[key] = schema[key];
  const type = schema['type'];
  // `file` is a stream of bytes: nothing to check.
  if (typeof type === 'string' && type !== 'file') result['type'] = type;
  if (typeof schema['format'] === 'string' && type !== 'file') result['format'] = schema['format'];
  if (schema['items'] !== undefined) result['items'] = toJsonSchema(schema['items'], refBase);
  if (Array.isArray(schema['allOf'])) result['allOf'] = schema['allOf'].map((part) => toJsonSchema(part, refBase));
  const properties = schema['properties'];
  if (isObject(properties)) {
    result['properties'] = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, toJsonSchema(value, refBase)]));
  }
  const additional = schema['additionalProperties'];
  if (isObject(additional)) result['additionalProperties'] = toJsonSchema(additional, refBase);
  else if (typeof additional === 'boolean') result['additionalProperties'] = additional;
  return result;
}
