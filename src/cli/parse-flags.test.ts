import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlagDefinition } from './command.ts';
import { FlagError, parseFlags, UnsupportedFlagError } from './parse-flags.ts';

const FLAGS: readonly FlagDefinition[] = [
  { long: 'tty', short: 't', kind: 'bool', description: '' },
  { long: 'interactive', short: 'i', kind: 'bool', description: '' },
  { long: 'sig-proxy', kind: 'bool', default: 'true', description: '' },
  { long: 'env', short: 'e', kind: 'list', description: '' },
  { long: 'name', kind: 'string', description: '' },
  { long: 'hostname', short: 'h', kind: 'string', description: '' },
  { long: 'last', short: 'n', kind: 'int', default: '-1', description: '' },
  { long: 'memory', short: 'm', kind: 'bytes', description: '' },
  { long: 'cpus', kind: 'decimal', description: '' },
  { long: 'publish', short: 'p', kind: 'list', unsupported: true, description: '' },
];

/** What each command line gives: the flags that differ from their defaults, and the rest. */
const READ: readonly (readonly [line: string, flags: Readonly<Record<string, unknown>>, args: readonly string[], flagsFirst?: boolean])[] =
  [
    ['-ti image', { tty: true, interactive: true }, ['image']],
    ['-it=false x', { interactive: true, tty: false }, ['x']],
    ['--tty=false --sig-proxy=0', { tty: false, 'sig-proxy': false }, []],
    ['-eX=Y -e A=B --env C --env=D=E', { env: ['X=Y', 'A=B', 'C', 'D=E'] }, []],
    ['-e=X=Y', { env: ['X=Y'] }, []],
    ['-tie X', { tty: true, interactive: true, env: ['X'] }, []],
    ['--name a --name b', { name: 'b' }, []],
    ['--name= x', { name: '' }, ['x']],
    ['--name -x', { name: '-x' }, []],
    ['a -t b', { tty: true }, ['a', 'b']],
    ['a -t b', {}, ['a', '-t', 'b'], true],
    ['-t a -- -i', { tty: true }, ['a', '--', '-i'], true],
    ['-t -- -i a', { tty: true }, ['-i', 'a']],
    ['- -t', { tty: true }, ['-']],
    ['-n 3', { last: 3 }, []],
    ['-n3', { last: 3 }, []],
    ['-m 64m', { memory: 64 * 1024 * 1024 }, []],
    ['-m 1.5GiB', { memory: 1.5 * 2 ** 30 }, []],
    ['-m 10b', { memory: 10 }, []],
    ['--cpus .5', { cpus: 0.5 }, []],
    // The daemon says which are possible.
    ['--cpus -1', { cpus: -1 }, []],
    ['-h name', { hostname: 'name' }, []],
  ];

for (const [line, flags, args, flagsFirst = false] of READ) {
  test(`parseFlags() reads "${line}"${flagsFirst ? ', flags first' : ''}`, () => {
    const parsed = parseFlags(FLAGS, line.split(' '), flagsFirst);
    assert.deepEqual(parsed.args, args);
    for (const { long, kind } of FLAGS) {
      if (long in flags) assert.ok(parsed.flags.has(long), `--${long} counts as given`);
      else assert.ok(!parsed.flags.has(long), `--${long} does not count as given`);
      const value = read(kind, long, parsed.flags);
      assert.deepEqual(
        value,
        flags[long] ?? { bool: long === 'sig-proxy', list: [], string: '', int: -1, bytes: 0, decimal: 0, duration: 0 }[kind],
        long,
      );
    }
  });
}

function read(kind: FlagDefinition['kind'], long: string, flags: ReturnType<typeof parseFlags>['flags']): unknown {
  if (kind === 'bool') return flags.bool(long);
  if (kind === 'list') return flags.list(long);
  return kind === 'string' ? flags.string(long) : flags.number(long);
}

/** The texts are those of Docker 28.5. */
const REFUSED: readonly (readonly [line: string, message: string])[] = [
  ['--foo', 'unknown flag: --foo'],
  ['--foo=bar', 'unknown flag: --foo'],
  ['-Q', "unknown shorthand flag: 'Q' in -Q"],
  ['-tQi', "unknown shorthand flag: 'Q' in -Qi"],
  ['-it=', "unknown shorthand flag: '=' in -="],
  ['--name', 'flag needs an argument: --name'],
  ['-te', "flag needs an argument: 'e' in -e"],
  ['--=x', 'bad flag syntax: --=x'],
  ['--tty=maybe', 'invalid argument "maybe" for "-t, --tty" flag: strconv.ParseBool: parsing "maybe": invalid syntax'],
  ['-n x', 'invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax'],
  ['--memory xx', `invalid argument "xx" for "-m, --memory" flag: invalid size: 'xx'`],
  ['--cpus x', 'invalid argument "x" for "--cpus" flag: failed to parse x as a rational number'],
];

for (const [line, message] of REFUSED) {
  test(`parseFlags() refuses "${line}" in Docker's words`, () => {
    assert.throws(() => parseFlags(FLAGS, line.split(' ')), { name: FlagError.name, message, exitCode: 125 });
  });
}

test('parseFlags() refuses a flag that pier does not have yet by its name', () => {
  assert.throws(() => parseFlags(FLAGS, ['--publish', '80:80']), {
    name: UnsupportedFlagError.name,
    message: '--publish is not supported yet',
  });
  assert.throws(() => parseFlags(FLAGS, ['-tp', '80:80']), { message: '-p (--publish) is not supported yet' });
});

test('parseFlags() leaves what follows the first argument to the program in the container', () => {
  assert.deepEqual(parseFlags(FLAGS, ['image', 'ls', '--publish'], true).args, ['image', 'ls', '--publish']);
});

test('parseFlags() takes -h for help only where it is no flag of its own', () => {
  assert.equal(parseFlags(FLAGS, ['--help']).wantsHelp, true);
  assert.equal(parseFlags(FLAGS, ['-h', 'name']).wantsHelp, false);
  assert.equal(parseFlags([], ['-h']).wantsHelp, true);
});
