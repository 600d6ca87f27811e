import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const MODULE = new URL('./raw-terminal.ts', import.meta.url).href;
const hasScript = spawnSync('script', ['--version']).status === 0;

/** Runs a program on a terminal of its own, made by script(1). @returns The terminal's settings before, within and after. */
function settingsAround(body: string): { before: string; within: string; after: string } {
  const program = `import { spawnSync } from 'node:child_process';
    import { RawTerminal } from '${MODULE}';
    const terminal = new RawTerminal(process.stdin);
    process.stderr.write('within ' + spawnSync('stty', ['-a'], { stdio: ['inherit', 'pipe', 'ignore'] }).stdout.toString().replaceAll('\\n', ' ') + '\\n');
    ${body}`;
  const command = `echo before $(stty -g); ${process.execPath} --input-type=module -e "$PROGRAM"; echo after $(stty -g)`;
  const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
    // The pipe stays open for the program's life: an input at its end would end the terminal.
    input: '',
    env: { ...process.env, PROGRAM: program, SHELL: '/bin/sh' },
    encoding: 'utf8',
    timeout: 20_000,
  });
  const line = (name: string): string => new RegExp(`^${name} (.*)$`, 'm').exec(stdout.replaceAll('\r', ''))?.[1] ?? '';
  return { before: line('before'), within: line('within'), after: line('after') };
}

/** The ways out of a session; whatever the way, the shell gets its terminal back as it was. */
const WAYS_OUT: readonly (readonly [name: string, body: string])[] = [
  ['dispose()', 'terminal[Symbol.dispose](); process.exit(0);'],
  ['process.exit()', 'process.exit(3);'],
  ['an uncaught error', "throw new Error('test');"],
  ...['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'].map(
    (signal) => [signal, `setTimeout(() => {}, 5000); process.kill(process.pid, '${signal}');`] as const,
  ),
];

for (const [name, body] of WAYS_OUT) {
  test(`RawTerminal gives the terminal back after ${name}`, { skip: hasScript ? false : 'script(1) is not installed' }, () => {
    const { before, within, after } = settingsAround(body);
    assert.match(before, /^[0-9a-f:]+$/);
    for (const setting of ['-icanon', '-echo', '-isig', '-opost']) assert.ok(within.includes(setting), `${setting} while raw: ${within}`);
    assert.equal(after, before);
  });
}
