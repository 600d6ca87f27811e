import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../client/index.ts';
import type { ContainerStatsResponse, EventMessage } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { describeError } from '../describe-error.ts';
import { STATS_TABLE, statsRow } from '../format/stats-row.ts';
import { formatRows } from '../format/table.ts';

const REDRAW_MS = 500;
/** Figures older than this are not shown: the container or its daemon says nothing any more. */
const STALE_MS = 2000;
const SHORT_ID = 12;
const HOME = '\u001B[H';
const CLEAR_TO_END_OF_LINE = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';

/** What is known of one container. */
interface Watched {
  readonly name: string;
  readonly end: AbortController;
  stats: ContainerStatsResponse | undefined;
  seenMs: number;
  error: unknown;
  readonly first: Promise<void>;
}

/** Runs `pier stats`: a table that is drawn anew twice a second, or once. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const isStream = !flags.bool('no-stream');
  const watched = new Map<string, Watched>();
  const watch = (name: string): void => {
    if (!watched.has(name)) watched.set(name, watchOne(client, name, isStream));
  };
  if (args.length > 0) for (const name of args) watch(name);
  else await watchAll(client, flags.bool('all'), isStream, watch, watched);
  await Promise.all([...watched.values()].map(({ first }) => first));
  const errors = [...watched.values()].flatMap(({ error }) => (error === undefined ? [] : [describeError(error)]));
  if (args.length > 0 && errors.length > 0) throw new CommandError(errors.join('\n'));
  const draw = (): string => {
    const rows = [...watched.values()].map((each) => statsRow(each.name, freshStats(each, isStream), !flags.bool('no-trunc')));
    return formatRows(STATS_TABLE, flags.string('format'), rows);
  };
  if (!isStream) {
    process.stdout.write(draw());
    return 0;
  }
  for (;;) {
    await delay(REDRAW_MS);
    const lines = draw().split('\n');
    process.stdout.write(`${HOME}${lines.map((line) => `${line} ${CLEAR_TO_END_OF_LINE}\n`).join('')}${CLEAR_BELOW}`);
    if (args.length > 0 && [...watched.values()].every(({ end }) => end.signal.aborted)) return 0;
  }
}

function freshStats({ stats, seenMs, error }: Watched, isStream: boolean): ContainerStatsResponse | undefined {
  return error !== undefined || (isStream && performance.now() - seenMs > STALE_MS) ? undefined : stats;
}

/** Every container, also those that come while the table is shown. */
async function watchAll(
  client: Client,
  isAll: boolean,
  isStream: boolean,
  watch: (name: string) => void,
  watched: Map<string, Watched>,
): Promise<void> {
  if (isStream) {
    // Listening begins before the list is asked for, so that none is missed in between.
    const query = { filters: JSON.stringify({ type: ['container'] }) };
    const events = await client.open({ method: 'GET', path: '/events', query });
    void follow(createInterface({ input: events }), isAll, watch, watched);
  }
  const containers = await client.containers.list({ all: isAll || undefined });
  for (const { Id } of containers) watch(Id.slice(0, SHORT_ID));
}

async function follow(
  lines: AsyncIterable<string>,
  isAll: boolean,
  watch: (name: string) => void,
  watched: Map<string, Watched>,
): Promise<void> {
  for await (const line of lines) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the API sends
    const { Action: action, Actor: actor } = JSON.parse(line) as EventMessage;
    const name = actor.ID.slice(0, SHORT_ID);
    if (action === 'start' || (action === 'create' && isAll)) watch(name);
    if (action === 'destroy' || (action === 'die' && !isAll)) {
      watched.get(name)?.end.abort();
      watched.delete(name);
    }
  }
}

function watchOne(client: Client, name: string, isStream: boolean): Watched {
  const { promise, resolve } = Promise.withResolvers<void>();
  const each: Watched = { name, end: new AbortController(), stats: undefined, seenMs: 0, error: undefined, first: promise };
  const collect = async (): Promise<void> => {
    try {
      const path = `/containers/${encodeURIComponent(name)}/stats`;
      const stream = await client.open({ method: 'GET', path, query: { stream: isStream }, signal: each.end.signal });
      for await (const line of createInterface({ input: stream })) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the API sends
        each.stats = JSON.parse(line) as ContainerStatsResponse;
        each.seenMs = performance.now();
        resolve();
      }
    } catch (error) {
      if (!each.end.signal.aborted) each.error = error;
    }
    each.end.abort();
    resolve();
  };
  void collect();
  return each;
}
