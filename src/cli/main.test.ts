import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { COMMANDS, resolveCommand } from './commands.ts';
import { commandHelp } from './help.ts';

const BIN = fileURLToPath(new URL('./bin.ts', import.meta.url));

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function pier(...argv: readonly string[]): Outcome {
  // Nothing here may reach a daemon, let alone start one.
  const env = { ...process.env, DOCKER_HOST: 'unix:///nonexistent/pier.sock' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...argv], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

test('a wrong number of arguments is refused with the usage line', () => {
  assert.deepEqual(pier('rm'), {
    status: 1,
    stdout: '',
    stderr: `pier: 'pier rm' requires at least 1 argument

Usage:  pier rm [OPTIONS] CONTAINER [CONTAINER...]

See 'pier rm --help' for more information
`,
  });
});

test('an unknown flag is refused with 125 and the usage line', () => {
  assert.deepEqual(pier('run', '--foo'), {
    status: 125,
    stdout: '',
    stderr: `unknown flag: --foo

Usage:  pier run [OPTIONS] IMAGE [COMMAND] [ARG...]

Run 'pier run --help' for more information
`,
  });
});

test("a flag or a command of Docker's that pier does not have is refused by name", () => {
  const flag = pier('run', '-p', '80:80', 'alpine');
  assert.equal(flag.status, 125);
  assert.match(flag.stderr, /^pier: -p \(--publish\) is not supported yet$/m);
  const command = pier('pull', 'alpine');
  assert.equal(command.status, 1);
  assert.match(command.stderr, /^pier: 'pier pull' is not supported yet\n\n.*pier load/);
  assert.equal(pier('builder', 'prune').stderr.split('\n')[0], "pier: 'pier builder' is not supported yet");
});

test('help has pages, and says when it has not', () => {
  assert.match(pier('help', 'formatting').stdout, /^Formatting\n/);
  for (const topic of ['first-steps', 'filters', 'contexts']) assert.equal(pier('help', topic).status, 0, topic);
  assert.deepEqual(pier('help', 'ps', 'foo'), { status: 1, stdout: '', stderr: 'unknown help topic: foo\n' });
  assert.match(pier('help', 'nonsense').stderr, /^unknown help topic: nonsense$/m);
});

test('an unknown command is refused', () => {
  assert.deepEqual(pier('foo'), {
    status: 1,
    stdout: '',
    stderr: "pier: unknown command: pier foo\n\nRun 'pier --help' for more information\n",
  });
});

test('without a daemon at a given address commands say so: 1, or 125 where codes are the container’s', () => {
  const ps = pier('ps');
  assert.equal(ps.status, 1);
  assert.equal(ps.stderr, 'Cannot connect to the pier daemon at unix:///nonexistent/pier.sock. Is the pier daemon running?\n');
  const run = pier('run', 'alpine');
  assert.equal(run.status, 125);
  assert.match(run.stderr, /^pier: Cannot connect to the pier daemon at unix:\/\/\/nonexistent\/pier\.sock/);
});

test('an interactive terminal is refused when the input is none', () => {
  const { status, stderr } = pier('run', '-ti', 'alpine');
  assert.equal(status, 1);
  assert.equal(stderr, 'the input device is not a TTY\n');
});

test('help lists every command once, and each command’s help shows its flags and an example', () => {
  const { status, stdout } = pier('--help');
  assert.equal(status, 0);
  for (const definition of COMMANDS) {
    const short = definition.paths.find((path) => !path.includes(' '));
    if (definition.unsupported || definition.section === 'hidden') {
      if (short !== undefined) assert.doesNotMatch(stdout, new RegExp(`^  ${short} `, 'm'));
      continue;
    }
    if (short !== undefined) assert.equal(stdout.match(new RegExp(`^  ${short} `, 'gm'))?.length, 1, short);
    for (const path of definition.paths) {
      const help = commandHelp(definition, path);
      assert.ok(help.startsWith(`Usage:  pier ${path}`), path);
      assert.match(help, /^Examples:$/m, `${path} has an example`);
      for (const flag of definition.flags)
        if (!flag.hidden && !flag.unsupported) assert.ok(help.includes(`--${flag.long}`), `${path} --${flag.long}`);
    }
  }
});

test('every path and alias finds its own command, and every command loads', async () => {
  for (const definition of COMMANDS) {
    for (const name of [...definition.paths, ...(definition.aliases ?? [])]) {
      const found = resolveCommand(name.split(' '));
      if (definition.unsupported) assert.equal(found.kind, 'unsupported', name);
      else assert.ok(found.kind === 'command' && found.definition === definition, name);
    }
    const flags = definition.flags.flatMap(({ long, short }) => [`--${long}`, ...(short === undefined ? [] : [`-${short}`])]);
    assert.deepEqual(flags, [...new Set(flags)], `flags of ${definition.paths[0]} are distinct`);
    const module = await (definition.load ?? definition.loadLocal)?.();
    assert.equal(typeof module?.run, definition.unsupported ? 'undefined' : 'function', definition.paths[0]);
  }
});
