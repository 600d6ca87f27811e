#!/usr/bin/env node
// Plain JavaScript that every Node can read, so that an old one is refused in a sentence instead of a stack trace.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 9)) {
  console.error(`pier: needs Node.js 24.9 or newer, this is ${process.versions.node} (npm install -g node@24 brings one)`);
  process.exit(125);
}
if (process.platform !== 'linux') {
  console.error(`pier: runs on Linux only, this is ${process.platform}`);
  process.exit(125);
}
const { enableCompileCache } = await import('node:module');
// Compiled code is kept between runs: starting is most of what a short command costs.
enableCompileCache();
await import('../dist/cli/bin.js');
