#!/usr/bin/env -S node --
// The two dashes: node takes --env-file for its own otherwise, wherever it stands.
// Plain JavaScript that old versions of Node can read, so that they are refused in a sentence instead of a stack trace.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 9)) {
  console.error(`pier: needs Node.js 24.9 or newer, this is ${process.versions.node} (npm install -g node@24 brings one)`);
  process.exit(125);
}
if (process.platform !== 'linux') {
  console.error(`pier: runs on Linux only, this is ${process.platform}`);
  process.exit(125);
}
void keepCompiledCode().then(() => import('../dist/cli/bin.js'));

/** Compiled code is kept between runs: loading is most of what a short command costs. */
async function keepCompiledCode() {
  const { enableCompileCache } = await import('node:module');
  const { userInfo } = await import('node:os');
  try {
    // Not in /tmp, where anybody could have put code there for root to run, and not by $HOME, which sudo may leave as it was.
    enableCompileCache(`${userInfo().homedir}/.cache/pier`);
  } catch {
    // A user without an entry in passwd: nothing is kept.
  }
}
