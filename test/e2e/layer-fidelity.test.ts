// What files are in an image is what a container finds, also after the image has been saved, exported and brought in again.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { describeWithClients } from '../harness/fixture.ts';

const exec = promisify(execFile);

/** Files that are easily lost or changed on the way. */
const MAKE = String.raw`
mkdir -p bin capped names/"$(printf 'd%.0s' $(seq 200))" && cp /bin/busybox bin/busybox && cp /bin/busybox capped/grep
for applet in sh grep stat find cat ls sha256sum id; do ln -s busybox bin/$applet; done
setcap cap_net_raw+ep capped/grep
echo far > names/"$(printf 'd%.0s' $(seq 200))"/"$(printf 'f%.0s' $(seq 200))"
printf x > $(printf 'names/bytes\377')
echo own > own && chown 3000000:4000000 own && chmod 6751 own && ln own hard
mknod null c 1 3 && mkfifo pipe && ln -s /own link
truncate -s 40M sparse && printf end >> sparse
touch -d '1999-12-31 23:59:59.123456789' own`;

/** What a container says of them. */
const LOOK = String.raw`cd / && find names own hard null pipe link sparse | grep -v 'bytes' | /bin/busybox sort | while read f; do
stat -c '%n %f %u:%g %h %s %t:%T %Y' "$f"; done; sha256sum sparse; stat -c %b sparse; echo names/b* | /bin/busybox od -c | grep -c 377; cat names/d*/f*`;

describeWithClients(
  'layer fidelity',
  (pier) => {
    let directory = '';
    const file = (name: string): string => join(directory, name);
    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'pt-fidelity-'));
      await mkdir(file('tree'));
      await exec('sh', ['-ec', MAKE], { cwd: file('tree') });
      const args = ['--format=posix', '--xattrs', '--xattrs-include=security.capability', '--sparse', '-cf', file('tree.tar')];
      await exec('tar', [...args, '-C', file('tree'), '.']);
    });
    after(() => rm(directory, { recursive: true, force: true }));

    it('import, save, load, export and import again change nothing', async () => {
      const look = async (image: string): Promise<string> => {
        const shown = await pier.ok('run', '--rm', '--network', 'none', image, 'sh', '-c', LOOK);
        const capability = await pier.ok(
          'run',
          '--rm',
          '--network',
          'none',
          '--user',
          '1000',
          image,
          '/capped/grep',
          'CapEff',
          '/proc/self/status',
        );
        return `${shown}\n${capability}`;
      };
      await pier.cliWith({ input: createReadStream(file('tree.tar')) }, 'import', '-', 'fidelity:first');
      const first = await look('fidelity:first');
      assert.match(first, /^own 8de9 3000000:4000000 2 4 0:0 946684799$/m);
      assert.match(first, /^null 21a4 0:0 1 0 1:3 /m);
      assert.match(first, /^link a1ff 0:0 1 4 0:0 /m);
      assert.match(first, /\nfar\nCapEff:\t0000000000002000$/, 'the program has the capability of its file');
      const blocks = /\n(\d+)\n1\nfar\n/.exec(first)?.[1];
      assert.ok(Number(blocks) < 100, `the hole takes no disk, but ${first}`);
      await pier.ok('save', '-o', file('saved.tar'), 'fidelity:first');
      await pier.ok('rmi', 'fidelity:first');
      await pier.ok('load', '-q', '-i', file('saved.tar'));
      assert.equal(await look('fidelity:first'), first);
      await pier.ok('create', '--name', 'source', 'fidelity:first', 'sh');
      await pier.ok('export', '-o', file('exported.tar'), 'source');
      await pier.ok('import', file('exported.tar'), 'fidelity:second');
      const withoutBlocks = (text: string): string => text.replace(/\n\d+\n1\nfar\n/, '\n');
      assert.equal(withoutBlocks(await look('fidelity:second')), withoutBlocks(first));
    });
  },
  { images: [] },
);
