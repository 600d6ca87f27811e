// Completion in the real shells, with a person at the keyboard: what is typed with a tab in it is what pier is called with.
import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { PIER_COMMAND } from '../harness/clients.ts';
import { missingMaterial, useDaemon } from '../harness/fixture.ts';
import { startOnTty } from '../harness/tty-session.ts';

type Line = readonly [typed: string, words: string];

/** What is typed, and the arguments that the shell makes of it: where shells differ in what a word is. */
const WORDS: readonly Line[] = [
  ['pier rm alpha-o\t', 'rm alpha-one'],
  ['pier rmi alpine:la\t', 'rmi alpine:latest'],
  ['pier ps --filter sta\texi\t', 'ps --filter status=exited'],
  ['pier run --network=ho\t alpine', 'run --network=host alpine'],
  ['pier load -i imag\t', 'load -i image.tar'],
];

/** What pier itself answers, the same to every shell. */
const ANSWERS: readonly Line[] = [
  ['pier ren\t alpha-one x', 'rename alpha-one x'],
  ['pier container rest\t alpha-one', 'container restart alpha-one'],
  ['pier stop alpha-one alp\t', 'stop alpha-one alpha-two'],
  ['pier ps --no-t\t', 'ps --no-trunc'],
  ['pier run --restart unl\t alp\t', 'run --restart unless-stopped alpine'],
  ['pier run --pull nev\t alpine', 'run --pull never alpine'],
  ['pier -D ps --quie\t', '-D ps --quiet'],
  ['pier context use defau\t', 'context use default'],
  ['pier help first\t', 'help first-steps'],
  ['pier explain --format json sto\t alpha-o\t', 'explain --format json stop alpha-one'],
  ['pier explain run --memory-r\t 1g alpine', 'explain run --memory-reservation 1g alpine'],
];

const SHELLS: Readonly<Record<string, { readonly command: readonly string[]; readonly setUp: string }>> = {
  bash: { command: ['bash', '--norc', '--noprofile', '-i'], setUp: 'PS1="REA""DY> "; source <(pier completion bash)' },
  zsh: { command: ['zsh', '-f', '-i'], setUp: 'PS1="REA""DY> "; autoload -U compinit; compinit -D; source <(pier completion zsh)' },
  fish: {
    command: ['fish', '--no-config', '-i'],
    setUp: 'function fish_prompt; printf %s%s REA "DY> "; end; pier completion fish | source',
  },
};

describe('completion', { skip: missingMaterial() }, () => {
  const pier = useDaemon({ keepContainers: true });
  const log = (): string => join(pier.daemon.directory, 'calls');

  before(async () => {
    for (const name of ['alpha-one', 'alpha-two']) await pier.ok('create', '--name', name, 'alpine', 'true');
    // Completion is answered by pier itself; every other call leaves its arguments.
    const script = `#!/bin/sh\ncase "$1" in\n  __complete|completion) exec ${PIER_COMMAND.join(' ')} "$@" ;;\nesac\necho "$*" >> ${log()}\n`;
    await writeFile(join(pier.daemon.directory, 'pier'), script);
    await chmod(join(pier.daemon.directory, 'pier'), 0o755);
    await writeFile(join(pier.daemon.directory, 'image.tar'), '');
  });

  for (const [shell, { command, setUp }] of Object.entries(SHELLS)) {
    it(`in ${shell}`, async () => {
      await writeFile(log(), '');
      const { directory, host } = pier.daemon;
      const env = { PATH: `${directory}:${process.env['PATH'] ?? ''}`, TERM: 'xterm', HOME: directory, PIER_CONFIG: directory };
      await using session = startOnTty({ name: 'pier', command, env }, [], { host });
      session.write(`cd ${directory}; ${setUp}\n`);
      const lines = shell === 'bash' ? [...WORDS, ...ANSWERS] : WORDS;
      for (const [typed] of lines) {
        await session.until('READY> ');
        session.write(`${typed}\n`);
      }
      await session.until('READY> ');
      session.write('exit\n');
      await session.exited();
      const calls = (await readFile(log(), 'utf8')).trimEnd().split('\n');
      assert.deepEqual(
        calls.map((call) => call.trimEnd()),
        lines.map(([, words]) => words),
      );
    });
  }

  it('nothing is offered, and nothing started, where no daemon is', async () => {
    const result = await pier.cliWith({ env: { DOCKER_HOST: 'unix:///nowhere.sock' } }, '__complete', 'rm', '');
    assert.deepEqual(result, { exitCode: 0, stdout: ':done\n', stderr: '' });
    assert.equal(await pier.ok('__complete', 'completion', ''), 'bash\nfish\nzsh\n:done');
  });
});
