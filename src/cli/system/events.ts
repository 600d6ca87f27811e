import { createInterface } from 'node:readline';
import { encodeFilters } from '../../wire/index.ts';
import { CommandError } from '../command-error.ts';
import { parseFilterArguments } from '../filter-arguments.ts';
import { compileGoTemplate } from '../format/go-template.ts';
import { GoTemplateError } from '../format/go-template-error.ts';
import { sortedKeys } from '../format/go-value.ts';
import { rfc3339Nano } from '../format/local-time.ts';
import { shape, toStruct } from '../format/shape.ts';
import { parseTimeArgument } from '../time-argument.ts';
import type { EventMessage } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';
import type { GoTemplate } from '../format/go-template.ts';
import type { GoValue } from '../format/go-value.ts';

/** Exit code of a template that cannot be read or run. */
const BAD_TEMPLATE_EXIT_CODE = 64;

const EVENT_SHAPE = shape(
  '*events.Message',
  'Status=status~',
  'ID=id~',
  'From=from~',
  'Type',
  'Action',
  ['Actor', shape('events.Actor', 'ID', 'Attributes:m')],
  'Scope=scope~',
  'Time=time:i~',
  'TimeNano=timeNano:i~',
);

/** Runs `pier events`: until `--until`, or until it is interrupted. */
export async function run({ flags, client }: CommandContext): Promise<number> {
  const print = printerOf(flags.string('format'));
  const filters = parseFilterArguments('-f, --filter', flags.list('filter'));
  const query = {
    since: timeOf('since', flags.string('since')),
    until: timeOf('until', flags.string('until')),
    filters: encodeFilters(filters) || undefined,
  };
  const stream = await client.open({ method: 'GET', path: '/events', query });
  for await (const line of createInterface({ input: stream })) {
    if (line.trim() !== '') process.stdout.write(`${print(parseEvent(line))}\n`);
  }
  return 0;
}

function timeOf(flag: string, text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return parseTimeArgument(flag, text);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(error.message.replace(/^invalid value for "\w+": /, ''), 1, { cause: error });
  }
}

/** An event whose nanoseconds, too large for a number, are exact. */
interface ExactEvent {
  readonly message: EventMessage;
  readonly timeNano: bigint;
}

function parseEvent(line: string): ExactEvent {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the API sends
  const message = JSON.parse(line) as EventMessage;
  const digits = /"timeNano":(\d+)/.exec(line)?.[1];
  return { message, timeNano: digits === undefined ? BigInt(message.time) * 1_000_000_000n : BigInt(digits) };
}

const NO_EVENT: ExactEvent = {
  message: { Type: '', Action: '', Actor: { ID: '', Attributes: {} }, scope: '', time: 0, timeNano: 0 },
  timeNano: 0n,
};

function printerOf(format: string): (event: ExactEvent) => string {
  if (format === '') return describeEvent;
  const template = compileFormat(format === 'json' ? '{{json .}}' : format);
  const print = ({ message, timeNano }: ExactEvent): string => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- decoded JSON is a GoValue by construction
    const data = { ...message, timeNano } as unknown as GoValue;
    try {
      return template.run(toStruct(data, EVENT_SHAPE));
    } catch (error) {
      throw badTemplate(error);
    }
  };
  // A template that fails on any event is refused before the first.
  print(NO_EVENT);
  return print;
}

function compileFormat(format: string): GoTemplate {
  try {
    return compileGoTemplate(format);
  } catch (error) {
    throw badTemplate(error);
  }
}

function badTemplate(error: unknown): unknown {
  if (!(error instanceof GoTemplateError)) return error;
  return new CommandError(`Error parsing format: ${error.message}`, BAD_TEMPLATE_EXIT_CODE, { cause: error });
}

/** `2026-11-27T09:40:25.678101174Z image import sha256:… (name=…)`. */
function describeEvent({ message, timeNano }: ExactEvent): string {
  const { Type: type, Action: action, Actor: actor } = message;
  const attributes = sortedKeys(actor.Attributes).map((key) => `${key}=${actor.Attributes[key]}`);
  const suffix = attributes.length === 0 ? '' : ` (${attributes.join(', ')})`;
  return `${rfc3339Nano(timeNano)} ${type} ${action} ${actor.ID}${suffix}`;
}
