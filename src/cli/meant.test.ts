import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whatWasMeant } from './meant.ts';

test('what was mistyped is asked for', () => {
  assert.equal(whatWasMeant("pier: unknown command: pier runn\n\nRun 'pier --help' for more information"), "did you mean 'pier run'?");
  assert.equal(whatWasMeant('pier: unknown command: pier sotp\n'), "did you mean 'pier stop'?");
  assert.equal(whatWasMeant('pier: unknown command: pier image sl\n\nUsage:  pier image'), "did you mean 'pier image ls'?");
  assert.equal(whatWasMeant('pier: unknown command: pier frobnicate\n'), undefined);
  assert.equal(whatWasMeant(`pier: unknown command: pier ${'run'.repeat(100_000)}\n`), undefined);
  assert.equal(whatWasMeant('unknown flag: --memroy\n\nUsage:  pier run [OPTIONS] IMAGE'), "did you mean '--memory'?");
  assert.equal(whatWasMeant('unknown flag: --formatt\n\nUsage:  pier container ls [OPTIONS]'), "did you mean '--format'?");
  assert.match(whatWasMeant('unknown help topic: nothere') ?? '', /first-steps, formatting, filters, contexts$/);
});
