import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adviceFor, forTerminal } from './advice.ts';

test('a terminal gets the error in red and what to do next, in colour or not', () => {
  const text = 'Error response from daemon: No such container: web';
  assert.equal(forTerminal(text, false), `${text}\n\n→ 'pier ps -a' lists all containers`);
  assert.equal(forTerminal(text, true), `\u001B[31m${text}\u001B[0m\n\n\u001B[2m→ 'pier ps -a' lists all containers\u001B[0m`);
  assert.equal(forTerminal('something else', false), 'something else');
});

test('advice names what the error names', () => {
  const taken = 'Conflict. The container name "/web" is already in use by container "5c1f". You have to remove (or rename) …';
  assert.equal(adviceFor(taken), "'pier rm -f web' removes it, 'pier start web' runs it again");
  const missing = 'exec: "bash": executable file not found in $PATH';
  assert.equal(adviceFor(missing), "the image has no program 'bash': try 'sh', or leave the command away to run the image's own");
});

test('conflicts over images are told apart', () => {
  const conflict = 'Error response from daemon: conflict: unable to ';
  const running = `${conflict}delete 865577db9c6b (cannot be forced) - image is being used by running container 9d8dc875e85a`;
  assert.equal(adviceFor(running), "'pier rm -f 9d8dc875e85a' ends and removes it: what runs keeps its image");
  const named = `${conflict}remove repository reference "alpine" (must force) - container 9d8dc875e85a is using its referenced image 865577db9c6b`;
  assert.equal(adviceFor(named), "'pier rm 9d8dc875e85a' first, if it is needed no more; -f removes the name all the same");
  assert.match(adviceFor(`${conflict}delete 865577db9c6b (cannot be forced) - image has dependent child images`) ?? '', /images -a/);
});
