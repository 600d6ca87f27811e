import { PierError } from './errors.ts';

/**
 * Named places at which a test may break the engine.
 *
 * `PIER_FAILPOINTS=name=kill,other=error` makes the process die by SIGKILL at the first place and throw at the second;
 * `name=kill@3` acts on the third pass only. Without the variable a failpoint costs one comparison.
 */
const armed = parse(process.env['PIER_FAILPOINTS']);

interface Armed {
  readonly action: 'kill' | 'error';
  readonly onPass: number;
  passes: number;
}

/**
 * Marks a state transition.
 *
 * @param name `noun.verb.place`, for example `container.start.mounted`.
 * @throws {PierError} `Internal` if a test asked for an error here.
 */
export function failpoint(name: string): void {
  if (armed === undefined) return;
  const entry = armed.get(name);
  if (entry === undefined || ++entry.passes !== entry.onPass) return;
  if (entry.action === 'kill') process.kill(process.pid, 'SIGKILL');
  throw new PierError('Internal', `Cannot pass failpoint "${name}": a test armed it`);
}

function parse(text: string | undefined): Map<string, Armed> | undefined {
  if (text === undefined || text === '') return undefined;
  return new Map(
    text.split(',').map((item): [string, Armed] => {
      const match = /^([a-z0-9.-]+)=(kill|error)(?:@(\d+))?$/.exec(item);
      if (match === null) throw new PierError('InvalidArgument', `Cannot parse PIER_FAILPOINTS: "${item}" is not NAME=kill|error[@PASS]`);
      return [match[1] ?? '', { action: match[2] === 'kill' ? 'kill' : 'error', onPass: Number(match[3] ?? 1), passes: 0 }];
    }),
  );
}
